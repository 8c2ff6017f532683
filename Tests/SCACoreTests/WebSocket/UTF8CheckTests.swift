internal import SCACore
internal import Testing

@Suite struct UTF8CheckTests {
    private static let valid: [[UInt8]] = [
        [], [0x00], [0x7F], [0xC2, 0x80], [0xDF, 0xBF], [0xE0, 0xA0, 0x80], [0xED, 0x9F, 0xBF], [0xEE, 0x80, 0x80],
        [0xEF, 0xBF, 0xBF], [0xF0, 0x90, 0x80, 0x80], [0xF4, 0x8F, 0xBF, 0xBF],
        Array("κόσμε, мир, 世界, 👩‍👩‍👧‍👦 and a long tail of plain ASCII".utf8),
    ]

    private static let overlong: [[UInt8]] = [
        [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x80, 0x80], [0xE0, 0x9F, 0xBF], [0xF0, 0x80, 0x80, 0x80],
        [0xF0, 0x8F, 0xBF, 0xBF], [0xF8, 0x88, 0x80, 0x80, 0x80], [0xFC, 0x84, 0x80, 0x80, 0x80, 0x80],
    ]
    private static let surrogates: [[UInt8]] = [[0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xED, 0xAD, 0xBF]]
    private static let tooHigh: [[UInt8]] = [
        [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFF], [0xFE],
    ]
    private static let astray: [[UInt8]] = [[0x80], [0xBF], [0x41, 0x80], [0xC3, 0x28], [0xE2, 0x28, 0xA1]]

    @Test(arguments: valid) func validTextIsAccepted(bytes: [UInt8]) {
        #expect(isValid(bytes))
    }

    @Test(arguments: overlong) func overlongFormsAreRefused(bytes: [UInt8]) {
        #expect(refusal(of: bytes) != nil)
    }

    @Test(arguments: surrogates) func surrogatesAreRefusedAtTheirSecondByte(bytes: [UInt8]) {
        #expect(refusal(of: bytes) == 1)
    }

    @Test(arguments: tooHigh) func codePointsAbove10FFFFAreRefused(bytes: [UInt8]) {
        #expect(refusal(of: bytes) == (bytes[0] == 0xF4 ? 1 : 0))
    }

    @Test(arguments: astray) func strayAndMissingContinuationBytesAreRefused(bytes: [UInt8]) {
        #expect(refusal(of: bytes) != nil)
    }

    @Test(arguments: valid) func truncatedTextIsValidSoFarAndNotComplete(bytes: [UInt8]) {
        for end in bytes.indices {
            let endsAtBoundary = bytes[end] & 0xC0 != 0x80
            #expect(verdict(on: [Array(bytes[..<end])]) == (endsAtBoundary ? .complete : .soFar))
            #expect(isValid(Array(bytes[..<end])) == endsAtBoundary)
        }
    }

    @Test(arguments: valid) func everySplitGivesTheSameVerdict(bytes: [UInt8]) {
        for cut in 0...bytes.count {
            #expect(verdict(on: [Array(bytes[..<cut]), [], Array(bytes[cut...])]) == .complete)
        }
    }

    @Test func onceInvalidIsInvalidForEver() {
        var check = UTF8Check()
        let verdicts = [[0xFF], [0x41], [], Array("a long and valid text".utf8)].map { check.update($0.span) }
        #expect(verdicts == [false, false, false, false])
        #expect(!check.isComplete)
    }

    @Test func asciiInsideACharacterIsRefused() {
        let ascii = [UInt8](repeating: 0x61, count: 8)
        #expect(verdict(on: [[0xC3], ascii, [0x80]]) == .invalid)
        #expect(verdict(on: [[0xC3], ascii + [0x80]]) == .invalid)
        #expect(!isValid(ascii.dropLast() + [0xC3] + ascii + [0x80]))
    }

    @Test func aBadByteIsFoundAtEveryPlaceInAndAroundWords() {
        for length in 1...40 {
            for place in 0..<length {
                var bytes = [UInt8](repeating: 0x61, count: length)
                bytes[place] = 0xFF
                #expect(!isValid(bytes))
                bytes[place] = 0xC3
                #expect(!isValid(bytes))
            }
        }
    }

    /// All sequences of two bytes, and of the bytes where a rule begins or ends: three and four of them.
    @Test func theStandardLibraryAgrees() {
        let edges: [UInt8] = [
            0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF,
            0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF,
        ]
        var disagreements: [[UInt8]] = []
        func compare(_ bytes: [UInt8]) {
            let expected = String(validating: bytes, as: UTF8.self) != nil
            if isValid(bytes) != expected { disagreements.append(bytes) }
        }
        for first in UInt8.min...UInt8.max {
            for second in UInt8.min...UInt8.max { compare([first, second]) }
        }
        for first in edges where first >= 0x7F {
            for second in edges {
                for third in edges {
                    compare([first, second, third])
                    guard first >= 0xF0 else { continue }
                    for fourth in [0x7F, 0x80, 0xBF, 0xC2] as [UInt8] { compare([first, second, third, fourth]) }
                }
            }
        }
        #expect(disagreements == [])
    }

    /// The index of the byte at which the check gives up; nil if it does not.
    private func refusal(of bytes: [UInt8]) -> Int? {
        var check = UTF8Check()
        return bytes.firstIndex { byte in
            let piece = [byte]
            return !check.update(piece.span)
        }
    }

    private enum Verdict { case complete, soFar, invalid }

    private func verdict(on pieces: [[UInt8]]) -> Verdict {
        var check = UTF8Check()
        for piece in pieces {
            guard check.update(piece.span) else { return .invalid }
        }
        return check.isComplete ? .complete : .soFar
    }

    private func isValid(_ bytes: [UInt8]) -> Bool {
        UTF8Check.isValid(bytes.span)
    }
}
