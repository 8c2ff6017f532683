import Foundation
import Testing

@testable import scactl

struct InputHistoryTests {
    private let folder = TemporaryFolder()
    private let history: InputHistory

    init() throws {
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        history = InputHistory(path: folder.path + "/input_history")
    }

    @Test func everyLineComesBackAsItWas() {
        let lines = ["hi", "one\ntwo\n", "#12 the door", "a\\nb", "\\", "\\\\n", "👍 ನಮಸ್ತೆ", " blanks "]
        for line in lines { history.append(line) }
        #expect(history.load() == lines)
    }

    @Test func aFileThatIsNotThereIsEmptyAndAForeignOneDoesNoHarm() throws {
        #expect(history.load().isEmpty)
        try Data([0xFF, 0x0A, 0x5C, 0x78, 0x0A, 0x61]).write(to: URL(fileURLWithPath: history.path))
        #expect(history.load() == ["\u{FFFD}", "\\x", "a"])
    }

    @Test func onlyTheOwnerMayReadIt() throws {
        history.append("hi")
        let mode = try FileManager.default.attributesOfItem(atPath: history.path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    @Test func theFileIsCutBackWhenItHasTwiceAsManyLinesAsAreKept() throws {
        for number in 0...(2 * InputHistory.limit) { history.append("line \(number)") }
        let last = (InputHistory.limit + 1...2 * InputHistory.limit).map { "line \($0)" }
        #expect(history.load() == last)
        let text = try String(contentsOfFile: history.path, encoding: .utf8)
        #expect(text.split(separator: "\n").count == InputHistory.limit)
        #expect(history.load() == last)
    }
}
