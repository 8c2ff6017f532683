internal import Crypto
internal import FoundationEssentials
internal import SCACore

/// The codes that wait to be typed in: which are good, how often each may be guessed at, and who asks too often.
///
/// A pure machine: time, codes and the key are arguments; no IO, no clock, no randomness. The codes themselves are not kept,
/// only their HMAC under a key that nobody else has; comparing two of those takes the same time wherever they differ, and it
/// is done for a mobile without a code too. A code is gone when it was used, guessed at too often, replaced by a newer one,
/// or `lifetime` old.
///
/// Every table is bounded: codes by `pendingCodes`, the counts of an hour by their own limits. Who finds a table full is
/// told to come back later, and nobody's code is dropped for it.
struct CodeDesk: Sendable {
    /// What it holds to; times in nanoseconds.
    struct Limits: Sendable {
        var lifetime: Int64 = 300_000_000_000
        var tries = 5
        /// Codes for one mobile within an hour.
        var codesPerMobile = 5
        /// Requests of one address within an hour.
        var loginsPerAddress = 60
        /// Codes in all.
        var pendingCodes = 10_000
    }

    /// What a request comes to.
    enum Verdict: Sendable, Equatable {
        /// It may: the code is to be sent, or was right.
        case granted
        /// The code was not right, or there was none; nobody is told which.
        case wrong
        /// Too many requests: come back in so many seconds.
        case tooMany(seconds: Int)
    }

    private struct Pending {
        let mac: [UInt8]
        let ends: Int64
        var tries: Int
    }

    private let limits: Limits
    private let key: SymmetricKey
    private var pending: [Mobile: Pending] = [:]
    /// In the order in which they end; may name codes that are gone.
    private var endings = FIFO<(mobile: Mobile, ends: Int64)>()
    private var mobiles: HourlyCount<Mobile>
    private var addresses: HourlyCount<AddressBlock>

    /// - Parameter key: fresh randomness, at least 32 bytes.
    init(_ limits: Limits, key: SymmetricKey) {
        self.limits = limits
        self.key = key
        // Who has asked is known for two hours at most, and those have 24 times five minutes; so often a full house may come.
        mobiles = HourlyCount(limit: limits.codesPerMobile, capacity: limits.pendingCodes * 24)
        addresses = HourlyCount(limit: limits.loginsPerAddress, capacity: limits.pendingCodes * 24)
    }

    /// How many codes wait.
    var count: Int { pending.count }

    /// When `advance` must be called at the latest; nil if nothing waits.
    var nextDeadline: Int64? { endings.first?.ends }

    /// Somebody wants a code.
    ///
    /// - Parameters:
    ///   - code: the one that will be sent if this is granted.
    ///   - now: nanoseconds, monotonic.
    mutating func request(_ mobile: Mobile, from address: AddressBlock, code: String, now: Int64) -> Verdict {
        advance(now: now)
        if let wait = addresses.add(address, now: now) { return .tooMany(seconds: wait) }
        guard pending[mobile] != nil || pending.count < limits.pendingCodes else {
            return .tooMany(seconds: Int(limits.lifetime / 1_000_000_000))
        }
        if let wait = mobiles.add(mobile, now: now) { return .tooMany(seconds: wait) }
        let ends = now + limits.lifetime
        pending[mobile] = Pending(mac: mac(mobile, code), ends: ends, tries: limits.tries)
        endings.append((mobile, ends))
        return .granted
    }

    /// Somebody types a code in.
    mutating func redeem(_ mobile: Mobile, from address: AddressBlock, code: String, now: Int64) -> Verdict {
        advance(now: now)
        if let wait = addresses.add(address, now: now) { return .tooMany(seconds: wait) }
        let known = pending[mobile]
        let isRight = HMAC<SHA256>.isValidAuthenticationCode(
            known?.mac ?? [UInt8](repeating: 0, count: SHA256.byteCount),
            authenticating: Self.message(mobile, code),
            using: key
        )
        guard var known else { return .wrong }
        known.tries -= 1
        pending[mobile] = isRight || known.tries == 0 ? nil : known
        return isRight ? .granted : .wrong
    }

    /// The code could not be sent: it is as if it had not been asked for, except to the counts.
    mutating func withdraw(_ code: String, of mobile: Mobile) {
        if pending[mobile]?.mac == mac(mobile, code) { pending[mobile] = nil }
    }

    /// Forgets what is over.
    mutating func advance(now: Int64) {
        while let first = endings.first, first.ends <= now {
            endings.removeFirst()
            if pending[first.mobile]?.ends == first.ends { pending[first.mobile] = nil }
        }
        mobiles.advance(now: now)
        addresses.advance(now: now)
    }

    private func mac(_ mobile: Mobile, _ code: String) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: Self.message(mobile, code), using: key))
    }

    private static func message(_ mobile: Mobile, _ code: String) -> Data { Data("\(mobile) \(code)".utf8) }
}

/// When each of many has asked within the last hour: so many times in any hour, whenever it begins.
struct HourlyCount<Key: Hashable & Sendable>: Sendable {
    private static var hour: Int64 { 3_600_000_000_000 }

    private let limit: Int
    private let capacity: Int
    /// The last that were granted, at most `limit`, in their order.
    private var times: [Key: [Int64]] = [:]
    /// When each is to be looked at, whether it can be forgotten.
    private var looks = FIFO<(key: Key, at: Int64)>()

    init(limit: Int, capacity: Int) {
        self.limit = limit
        self.capacity = capacity
    }

    /// Counts one.
    ///
    /// - Returns: nil if it may; otherwise in how many seconds it may again.
    mutating func add(_ key: Key, now: Int64) -> Int? {
        guard let known = times[key] else {
            guard times.count < capacity else { return 60 }
            times[key] = [now]
            looks.append((key, now + Self.hour))
            return nil
        }
        if known.count >= limit {
            let free = known[0] + Self.hour
            guard free <= now else { return Int((free - now) / 1_000_000_000 + 1) }
            times[key]?.removeFirst()
        }
        times[key]?.append(now)
        return nil
    }

    /// Forgets who has not asked for an hour, at most an hour late: each is looked at once an hour.
    mutating func advance(now: Int64) {
        while let first = looks.first, first.at <= now {
            looks.removeFirst()
            if let last = times[first.key]?.last, last + Self.hour > now {
                looks.append((first.key, now + Self.hour))
            } else {
                times[first.key] = nil
            }
        }
    }
}

/// First in, first out; each in constant time, amortized.
struct FIFO<Element: Sendable>: Sendable {
    private var elements: [Element] = []
    private var start = 0

    var first: Element? { start < elements.count ? elements[start] : nil }

    mutating func append(_ element: Element) { elements.append(element) }

    mutating func removeFirst() {
        start += 1
        guard start > 32, start * 2 > elements.count else { return }
        elements.removeFirst(start)
        start = 0
    }
}
