import Foundation
import Testing

/// A disk that is full, and one that can only be read: a small tmpfs that only the receiver's or the sender's programs see.
@Suite(.serialized, .enabled(if: Room.isPossible, Room.why)) struct DiskTests {
    private let stage: Stage
    init() async { stage = await Stage() }

    @Test func receiverWithAFullDiskSaysSoAndGoesOnWhenThereIsRoom() async throws {
        let (_, asha, visitor) = try await stage.scene()
        let (room, ravi) = try await disk(of: visitor, "size=64k")
        let listener = try await ravi.listen()
        let sender = try asha.start("send", "-l", "--timeout", "8s", "--to", ravi.mobile, input: .open)
        let text = String(repeating: "word ", count: 400)
        var answers: [Row] = []
        while answers.last.map({ $0["status"] == "stored" }) ?? true, answers.count < 100 {
            sender.write("\(text)\(answers.count)\n")
            answers = try await sender.rows(answers.count + 1)
        }
        let end = try await listener.finish()
        #expect(end.exit == .status(74))
        #expect(end.errors.contains("No space left on device"))
        #expect(end.errors.contains("nothing was stored"))
        #expect(answers.count > 2)
        #expect(answers.last?["status"] != "stored")
        #expect(answers.dropLast()["id"] == ravi.history["id"])
        try await ravi.expectTruth(of: answers)

        // A disk without any room: it is said at the first message, and what was there stays readable.
        let again = try await ravi.listen()
        sender.write("\(text)again\n")
        answers = try await sender.rows(answers.count + 1)
        #expect(try await again.finish().exit == .status(74))
        #expect(answers.last?["status"] != "stored")
        try await ravi.expectTruth(of: answers)

        try await room.shell("mount -o remount,size=1m '\(ravi.folder)/data'")
        let last = try await ravi.listen()
        sender.write("\(text)at last\n")
        answers = try await sender.rows(answers.count + 1)
        #expect(answers.last?["status"] == "stored")
        sender.closeInput()
        #expect(try await sender.finish().exit != .status(0))
        try await ravi.expectTruth(of: answers)
        #expect(last.exit() == nil)
    }

    @Test func senderWithAFullDiskTellsTheTruthAndThatItIsNotNoted() async throws {
        let (_, visitor, ravi) = try await stage.scene()
        let (room, asha) = try await disk(of: visitor, "size=64k")
        let listener = try await ravi.listen()
        try await asha.run("send", "--to", ravi.mobile, "before")
        try await room.shell("cat /dev/zero > '\(asha.folder)/data/ballast' 2>/dev/null || true")
        let text = String(repeating: "word ", count: 1000)
        let answer = try await asha.run("send", "--to", ravi.mobile, text)
        // It did arrive; only this device's own copy did not.
        #expect(answer.exit == .status(74))
        #expect(answer.rows["status"] == ["stored"])
        #expect(answer.errors.contains("No space left on device"))
        #expect(answer.errors.contains("do not send it again") && !answer.errors.contains("nothing was stored"))
        try await ravi.expectTruth(of: answer.rows)
        try await asha.expectTruth(of: [])
        #expect(asha.history["text"] == ["before"])
        #expect(try await listener.lines(2).count == 2)
    }

    @Test func diskThatTurnsReadOnlyEndsTheListenerWithEverythingItPromised() async throws {
        let (_, asha, visitor) = try await stage.scene()
        let (room, ravi) = try await disk(of: visitor, "size=1m")
        let listener = try await ravi.listen("-n", "1")
        let first = try await asha.run("send", "--to", ravi.mobile, "one")
        #expect(try await listener.finish().exit == .status(0))
        try await room.shell("mount -o remount,ro '\(ravi.folder)/data'")
        // Said at once, before anybody sees them online.
        let refused = try await ravi.run("listen")
        #expect(refused.exit == .status(74))
        #expect(refused.errors.contains("Read-only file system"))
        try await asha.misses(ravi)
        #expect(try await asha.run("send", "--to", ravi.mobile, "two").rows["status"] == ["offline"])
        try await ravi.expectTruth(of: first.rows)
        #expect(ravi.history["text"] == ["one"])
    }

    /// Puts somebody's data on a disk of their own.
    private func disk(of person: Person, _ options: String) async throws -> (Room, Person) {
        let folder = "\(person.folder)/data"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let room = try await Room(.disk, on: stage, "mount -t tmpfs -o \(options) none '\(folder)'")
        var inside = person
        (inside.entering, inside.root) = (room.entering, room.root)
        return (room, inside)
    }
}
