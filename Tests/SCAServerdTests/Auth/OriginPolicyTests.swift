import Testing

@testable import SCAServerd

@Suite struct OriginPolicyTests {
    @Test(arguments: [
        ("http://chat.example", "chat.example"), ("https://chat.example", "chat.example"),
        ("https://chat.example:443", "chat.example"), ("https://chat.example", "chat.example:443"),
        ("http://127.0.0.1:8080", "127.0.0.1:8080"), ("HTTP://Chat.Example:8080", "chat.example:8080"),
        ("http://[::1]:8080", "[::1]:8080"),
    ])
    func aPageOfTheServerItselfMayConnect(_ origin: String, _ host: String) {
        #expect(OriginPolicy([]).admits([origin], host: host))
    }

    @Test(arguments: [
        "http://evil.example", "https://chat.example.evil.example", "http://chat.example:8081", "null", "", "*",
        "chat.example", "http://chat.example/", "http://", "://chat.example", "http://chat.example@evil.example",
    ])
    func anyOtherPageMayNot(_ origin: String) {
        #expect(!OriginPolicy([]).admits([origin], host: "chat.example"))
    }

    @Test func whoeverIsNoBrowserSaysNothingAndMay() {
        #expect(OriginPolicy([]).admits([], host: "chat.example"))
        #expect(OriginPolicy([]).admits([], host: nil))
    }

    @Test func allowedOriginsMayConnect() {
        let policy = OriginPolicy(["https://App.example", "null"])
        #expect(policy.admits(["https://app.example"], host: "chat.example"))
        #expect(policy.admits(["null"], host: "chat.example"))
        #expect(!policy.admits(["http://app.example"], host: "chat.example"))
        #expect(!policy.admits(["https://app.example", "https://app.example"], host: "chat.example"))
        #expect(OriginPolicy(["*"]).admits(["http://anybody"], host: nil))
        #expect(!OriginPolicy([]).admits(["http://chat.example"], host: nil))
    }

    @Test func whatIsNoOriginCannotBeAllowed() {
        for good in ["*", "null", "https://a.example", "http://localhost:5000"] {
            #expect(OriginPolicy.canBeAllowed(good))
        }
        for bad in ["", "a.example", "https://a.example/", "https://", "https://a b"] {
            #expect(!OriginPolicy.canBeAllowed(bad), "\(bad)")
        }
    }
}
