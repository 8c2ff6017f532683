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
        #expect(OriginPolicy([]).admits([origin], host: host, isVouchedFor: true))
    }

    /// DNS rebinding: whoever has a name can have it looked up as our address, and then both headers have it.
    @Test(arguments: [
        ("evil.example:8080", false), ("localhost.evil.example:8080", false), ("127.0.0.1.evil.example", false),
        ("127.0.0.1:8080", true), ("192.168.1.10", true), ("[::1]:8080", true), ("localhost:8080", true),
        ("LocalHost", true), ("[evil.example]:8080", false), ("2130706433:8080", false),
    ])
    func aNameInTheClearIsNobodys(_ host: String, _ isOwn: Bool) {
        #expect(OriginPolicy([]).admits(["http://\(host)"], host: host, isVouchedFor: false) == isOwn)
        #expect(OriginPolicy(["http://\(host)"]).admits(["http://\(host)"], host: host, isVouchedFor: false))
    }

    @Test(arguments: [
        "http://evil.example", "https://chat.example.evil.example", "http://chat.example:8081", "null", "", "*",
        "chat.example", "http://chat.example/", "http://", "://chat.example", "http://chat.example@evil.example",
    ])
    func anyOtherPageMayNot(_ origin: String) {
        #expect(!OriginPolicy([]).admits([origin], host: "chat.example", isVouchedFor: true))
    }

    @Test func whoeverIsNoBrowserSaysNothingAndMay() {
        #expect(OriginPolicy([]).admits([], host: "chat.example", isVouchedFor: false))
        #expect(OriginPolicy([]).admits([], host: nil, isVouchedFor: false))
    }

    @Test func allowedOriginsMayConnect() {
        let policy = OriginPolicy(["https://App.example", "null"])
        for isVouchedFor in [false, true] {
            func admits(_ origins: String...) -> Bool {
                policy.admits(origins, host: "chat.example", isVouchedFor: isVouchedFor)
            }
            #expect(admits("https://app.example"))
            #expect(admits("null"))
            #expect(!admits("http://app.example"))
            #expect(!admits("https://app.example", "https://app.example"))
            #expect(OriginPolicy(["*"]).admits(["http://anybody"], host: nil, isVouchedFor: isVouchedFor))
            #expect(!OriginPolicy([]).admits(["http://chat.example"], host: nil, isVouchedFor: isVouchedFor))
        }
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
