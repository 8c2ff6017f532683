import Crypto
import SCACore
import Testing

@testable import SCAServerd

private let second: Int64 = 1_000_000_000

@Suite struct CodeDeskTests {
    private var desk = CodeDesk(CodeDesk.Limits(), key: SymmetricKey(data: [UInt8](repeating: 7, count: 32)))

    private func desk(_ change: (inout CodeDesk.Limits) -> Void) -> CodeDesk {
        var limits = CodeDesk.Limits()
        change(&limits)
        return CodeDesk(limits, key: SymmetricKey(data: [UInt8](repeating: 7, count: 32)))
    }

    @Test func theRightCodeIsGoodOnce() throws {
        var desk = desk
        let asha = try mobile(1)
        #expect(desk.request(asha, from: "a", code: "123456", now: 0) == .granted)
        #expect(desk.redeem(asha, from: "a", code: "123456", now: second) == .granted)
        #expect(desk.redeem(asha, from: "a", code: "123456", now: second) == .wrong)
        #expect(desk.count == 0)
    }

    @Test func aCodeIsForItsMobileOnly() throws {
        var desk = desk
        #expect(desk.request(try mobile(1), from: "a", code: "123456", now: 0) == .granted)
        #expect(desk.request(try mobile(2), from: "a", code: "654321", now: 0) == .granted)
        #expect(desk.redeem(try mobile(2), from: "a", code: "123456", now: 0) == .wrong)
        #expect(desk.redeem(try mobile(3), from: "a", code: "123456", now: 0) == .wrong)
        #expect(desk.redeem(try mobile(1), from: "a", code: "123456", now: 0) == .granted)
    }

    @Test func aCodeIsForgottenAfterFiveMinutes() throws {
        var desk = desk
        let asha = try mobile(1)
        _ = desk.request(asha, from: "a", code: "123456", now: 0)
        #expect(desk.nextDeadline == 300 * second)
        desk.advance(now: 300 * second - 1)
        #expect(desk.count == 1)
        desk.advance(now: 300 * second)
        #expect(desk.count == 0 && desk.nextDeadline == nil)
        #expect(desk.redeem(asha, from: "a", code: "123456", now: 300 * second) == .wrong)
    }

    @Test func fiveWrongTriesAndTheRightCodeIsWrongToo() throws {
        var desk = desk
        let asha = try mobile(1)
        _ = desk.request(asha, from: "a", code: "123456", now: 0)
        for _ in 0..<4 { #expect(desk.redeem(asha, from: "a", code: "000000", now: 0) == .wrong) }
        #expect(desk.count == 1)
        #expect(desk.redeem(asha, from: "a", code: "000000", now: 0) == .wrong)
        #expect(desk.count == 0)
        #expect(desk.redeem(asha, from: "a", code: "123456", now: 0) == .wrong)
    }

    @Test func aNewCodeTakesThePlaceOfTheOld() throws {
        var desk = desk
        let asha = try mobile(1)
        _ = desk.request(asha, from: "a", code: "111111", now: 0)
        _ = desk.request(asha, from: "a", code: "222222", now: 100 * second)
        #expect(desk.redeem(asha, from: "a", code: "111111", now: 100 * second) == .wrong)
        desk.advance(now: 301 * second)
        #expect(desk.count == 1, "the first one's end is not the second one's")
        #expect(desk.redeem(asha, from: "a", code: "222222", now: 301 * second) == .granted)
    }

    @Test func aCodeThatCouldNotBeSentIsNoCode() throws {
        var desk = desk
        let asha = try mobile(1)
        _ = desk.request(asha, from: "a", code: "111111", now: 0)
        _ = desk.request(asha, from: "a", code: "222222", now: 0)
        desk.withdraw("111111", of: asha)
        #expect(desk.count == 1)
        desk.withdraw("222222", of: asha)
        #expect(desk.count == 0)
    }

    @Test func oneMobileGetsFiveCodesAnHour() throws {
        var desk = desk
        let asha = try mobile(1)
        for number in 0..<5 {
            #expect(desk.request(asha, from: "\(number)", code: "1", now: Int64(number) * 60 * second) == .granted)
        }
        #expect(desk.request(asha, from: "x", code: "1", now: 600 * second) == .tooMany(seconds: 3_001))
        #expect(desk.request(try mobile(2), from: "x", code: "1", now: 600 * second) == .granted)
        #expect(desk.request(asha, from: "x", code: "1", now: 3_600 * second) == .granted)
    }

    /// Whichever hour one looks at, and not only one that begins with the first request.
    @Test func anyHourHasFiveCodesAtMost() throws {
        var desk = desk
        let asha = try mobile(1)
        func asks(at minutes: Int64) -> CodeDesk.Verdict {
            desk.request(asha, from: "\(minutes)", code: "1", now: minutes * 60 * second)
        }
        #expect(asks(at: 0) == .granted)
        for _ in 0..<4 { #expect(asks(at: 59) == .granted) }
        #expect(asks(at: 61) == .granted, "the first is over an hour ago")
        for _ in 0..<4 { #expect(asks(at: 61) == .tooMany(seconds: 58 * 60 + 1)) }
        for _ in 0..<4 { #expect(asks(at: 119) == .granted) }
        #expect(asks(at: 119) == .tooMany(seconds: 2 * 60 + 1))
    }

    @Test func aCountIsForgottenWhenNothingCameForAnHour() {
        var count = HourlyCount<Int>(limit: 2, capacity: 1)
        let hour = 3_600 * second
        #expect(count.add(1, now: 0) == nil)
        #expect(count.add(1, now: hour / 2) == nil)
        count.advance(now: hour)
        #expect(count.add(2, now: hour) == 60, "full, for the first is known still")
        #expect(count.add(1, now: hour) == nil)
        count.advance(now: 2 * hour)
        #expect(count.add(2, now: 2 * hour) == nil)
    }

    @Test func oneAddressHasSixtyRequestsAnHourOfEitherKind() throws {
        var desk = desk
        for number in 0..<60 {
            let verdict =
                number % 2 == 0
                ? desk.request(try mobile(number), from: "a", code: "1", now: 0)
                : desk.redeem(try mobile(number), from: "a", code: "2", now: 0)
            #expect(verdict == (number % 2 == 0 ? .granted : .wrong))
        }
        #expect(desk.redeem(try mobile(0), from: "a", code: "1", now: 0) == .tooMany(seconds: 3_601))
        #expect(desk.redeem(try mobile(0), from: "b", code: "1", now: 0) == .granted)
    }

    @Test func whoFindsItFullComesBackLaterAndNobodysCodeIsLost() throws {
        var desk = desk { $0.pendingCodes = 10 }
        for number in 0..<10 {
            #expect(desk.request(try mobile(number), from: "\(number)", code: "1", now: 0) == .granted)
        }
        #expect(desk.request(try mobile(10), from: "x", code: "1", now: 0) == .tooMany(seconds: 300))
        #expect(desk.count == 10)
        #expect(desk.redeem(try mobile(0), from: "0", code: "1", now: 0) == .granted)
        #expect(desk.request(try mobile(10), from: "x", code: "1", now: 0) == .granted)
        // And the counts of those who only ask are bounded as well.
        for number in 0..<1_000 { _ = desk.redeem(try mobile(1), from: "z\(number)", code: "2", now: 0) }
        #expect(desk.redeem(try mobile(1), from: "new", code: "1", now: 0) == .tooMany(seconds: 60))
    }
}

extension AddressBlock: ExpressibleByStringInterpolation {
    /// An address of its own for each short name.
    init(stringLiteral name: String) {
        let bits = name.utf8.reduce(UInt128(1)) { $0 << 8 | UInt128($1) }
        self.init(of: IPAddress(bits: bits), prefix: 128)
    }
}
