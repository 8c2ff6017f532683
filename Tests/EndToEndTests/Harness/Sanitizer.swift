import Foundation

/// The sanitizer that programs and tests were built with (`scripts/test --sanitize`).
enum Sanitizer {
    static let isThread = ProcessInfo.processInfo.environment["TSAN_OPTIONS"] != nil
}
