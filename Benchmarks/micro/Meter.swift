internal import CCount
internal import Glibc

/// One thing to measure.
struct Case {
    let name: String
    /// How long its text is, in bytes; 0 where that is no matter.
    let size: Int
    /// Operations that `body` does for each that it is asked for.
    let weight: Int
    /// Does it so many times. What it returns depends on all of them, so that none can be left out.
    let body: (_ count: Int) -> Int

    init(_ name: String, size: Int = 0, weight: Int = 1, _ body: @escaping (_ count: Int) -> Int) {
        (self.name, self.size, self.weight, self.body) = (name, size, weight, body)
    }
}

/// Runs cases in rounds.
struct Meter {
    /// About how long a case runs in a round.
    private static let nanoseconds: Int64 = 8_000_000

    let rounds: Int
    var cases: [Case] = []
    private(set) var lines: [String] = []
    private var sum = 0

    init(rounds: Int) { self.rounds = rounds }

    mutating func run() {
        let counts = cases.map { calibrated($0) }
        var times: [[Double]] = Array(repeating: [], count: cases.count)
        for _ in 0..<rounds {
            for (index, one) in cases.enumerated() {
                times[index].append(Double(time(one, counts[index])) / Double(counts[index] * one.weight))
            }
        }
        for index in cases.indices {
            let median = times[index].sorted()[rounds / 2]
            lines.append(
                #"{"name":"\#(cases[index].name)","size":\#(cases[index].size),"ns":\#(median),"#
                    + #""allocations":\#(allocations(of: cases[index], counts[index]))}"#
            )
        }
    }

    /// What twice as many need more than once as many: without what a loop needs to begin.
    private mutating func allocations(of one: Case, _ count: Int) -> Double {
        var needed: [Int] = []
        for times in 1...2 {
            let before = sca_allocations()
            sum &+= one.body(times * count)
            needed.append(sca_allocations() - before)
        }
        return Double(needed[1] - needed[0]) / Double(count * one.weight)
    }

    /// How many fit into the time; everything is warm by then.
    private mutating func calibrated(_ one: Case) -> Int {
        var count = 1
        while true {
            let elapsed = time(one, count)
            if elapsed > Self.nanoseconds / 4 { return max(1, Int(Int64(count) * Self.nanoseconds / elapsed)) }
            count *= 2
        }
    }

    private mutating func time(_ one: Case, _ count: Int) -> Int64 {
        let start = Self.now()
        sum &+= one.body(count)
        return Self.now() - start
    }

    private static func now() -> Int64 {
        var now = timespec()
        _ = clock_gettime(CLOCK_MONOTONIC, &now)
        return Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec)
    }
}
