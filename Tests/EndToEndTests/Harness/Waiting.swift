import Foundation
import Synchronization

/// How long anything may take before a test gives up: generous, since machines are slow and busy.
let patience = Duration.seconds(120)

/// How many times longer everything may take: programs that watch themselves (`scripts/test --sanitize`) are slow.
private let slowness = ProcessInfo.processInfo.environment["SCA_TEST_SLOWNESS"].flatMap { Int($0) } ?? 1

/// Why a test cannot go on.
struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }

    static func system(_ call: String) -> Failure {
        Failure("\(call): \(String(cString: strerror(errno)))")
    }
}

/// Looks again and again until there is an answer. The only way in which these tests wait: never for a time, always for
/// something to have happened.
///
/// - Parameters:
///   - what: for the failure: `waited in vain for …`.
///   - look: nil if it has not happened yet.
/// - Throws: `Failure` when the deadline has passed.
@discardableResult
func eventually<Value>(
    _ what: @autoclosure () -> String,
    within deadline: Duration = patience,
    _ look: () async throws -> Value?
) async throws -> Value {
    let end = ContinuousClock.now + deadline * slowness
    var pause = Duration.milliseconds(1)
    while true {
        let isLast = ContinuousClock.now >= end
        if let value = try await look() { return value }
        if isLast { throw Failure("waited in vain for \(what())") }
        try await Task.sleep(for: pause)
        pause = min(pause * 2, .milliseconds(20))
    }
}

/// The same for what is true or not.
func eventually(
    _ what: @autoclosure () -> String,
    within deadline: Duration = patience,
    _ look: () async throws -> Bool
) async throws {
    try await eventually(what(), within: deadline) { try await look() ? true : nil as Bool? }
}

/// Does something that blocks on a thread of its own, so that other tests go on.
func blocking<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Result(catching: work)) }
    }
}

/// Lets only so many in at once; who comes later waits in order.
final class Gate: Sendable {
    private struct State {
        var places: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>

    init(places: Int) {
        state = Mutex(State(places: places))
    }

    func enter() async {
        await withCheckedContinuation { continuation in
            let isIn = state.withLock { state in
                if state.places == 0 { state.waiting.append(continuation) } else { state.places -= 1 }
                return state.waiting.isEmpty
            }
            if isIn { continuation.resume() }
        }
    }

    func leave() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            if state.waiting.isEmpty { state.places += 1 }
            return state.waiting.isEmpty ? nil : state.waiting.removeFirst()
        }
        next?.resume()
    }
}
