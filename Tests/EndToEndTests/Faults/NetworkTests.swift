import Foundation
import Testing

/// A network that is cut: server and people in networks of their own (`Room`), joined by one cable that is
/// pulled out and put back. No packet passes then, and no connection is told.
@Suite(.serialized, .enabled(if: Room.isPossible, Room.why)) struct NetworkTests {
    private let stage: Stage
    init() async { stage = await Stage() }

    @Test func cutThatIsShortIsNotEvenNoticed() async throws {
        let scene = try await scene(patience: "30s")
        let sender = try scene.asha.start("send", "-l", "--to", scene.ravi.mobile, input: .open)
        sender.write("before\n")
        try await sender.lines(1)
        try await scene.cut(true)
        sender.write("meanwhile\n")
        let start = ContinuousClock.now
        try await eventually("a moment") { ContinuousClock.now - start > .seconds(1) }
        #expect(sender.output.lines.count == 1)
        try await scene.cut(false)
        sender.closeInput()
        let answer = try await sender.finish(within: .seconds(240))
        #expect(answer.rows["status"] == ["stored", "stored"])
        #expect(answer.errors.isEmpty)
        try await scene.ravi.expectTruth(of: answer.rows)
        #expect(scene.ravi.history["text"] == ["before", "meanwhile"])
        #expect(!scene.listener.errors.text.contains("trying again"))
    }

    @Test func cutThatLastsIsSaidAndMendedByItself() async throws {
        let scene = try await scene(patience: "3s")
        let words = ["send", "-v", "-l", "--retry-for", "120s", "--to", scene.ravi.mobile]
        let (asha, ravi) = (scene.asha, scene.ravi)
        let sender = try stage.start(
            "scactl",
            words,
            environment: asha.environment,
            input: .open,
            entering: asha.entering
        )
        sender.write("one\ntwo\n")
        try await sender.lines(2)
        try await scene.cut(true)
        sender.write("three\nfour\n")
        // Both ends find out by themselves: the people because nothing answers, the server because nobody pings.
        for program in [sender, scene.listener] { try await program.said("trying again", within: .seconds(240)) }
        try await eventually("the server to miss them") {
            try await stage.start("scactl", ["health", "-s", scene.url], entering: scene.serverRoom.entering)
                .finish().rows.first?.number("connections") == 0
        }
        #expect(sender.output.lines.count == 2)
        try await scene.cut(false)
        for program in [sender, scene.listener] { try await program.said("connected again", within: .seconds(240)) }
        sender.closeInput()
        let answer = try await sender.finish(within: .seconds(240))
        #expect(answer.exit == .status(0), "\(answer.errors)")
        #expect(answer.rows["status"] == Array(repeating: "stored", count: 4))
        try await ravi.expectTruth(of: answer.rows)
        #expect(ravi.history["text"].sorted() == ["four", "one", "three", "two"])
        #expect(try await scene.listener.lines(4).count == 4)
    }

    private struct Scene {
        let url: String
        let serverRoom: Room
        let asha: Person
        let ravi: Person
        let listener: Program

        func cut(_ isCut: Bool) async throws {
            try await serverRoom.shell("ip link set cable \(isCut ? "down" : "up")")
        }
    }

    private func scene(patience: String) async throws -> Scene {
        let serverRoom = try await Room(.network, on: stage, "ip link set lo up")
        let people = try await Room(
            .network,
            on: stage,
            """
            ip link set lo up; ip link add cable type veth peer name cable netns \(serverRoom.pid); \
            ip address add 10.9.8.2/24 dev cable; ip link set cable up
            """
        )
        try await serverRoom.shell("ip address add 10.9.8.1/24 dev cable; ip link set cable up")
        let options = [
            "--host", "10.9.8.1", "--port", "8080", "--ping-timeout", patience, "--cleanup-interval", "500ms",
        ]
        let server = try stage.start("scad", options, entering: serverRoom.entering)
        try await server.said("listening on ws://10.9.8.1:8080")
        let url = "ws://10.9.8.1:8080"
        var (asha, ravi) = (try Person("9876543210", url, on: stage), try Person("9123456780", url, on: stage))
        (asha.entering, ravi.entering) = (people.entering, people.entering)
        let listener = try await ravi.listen()
        return Scene(url: url, serverRoom: serverRoom, asha: asha, ravi: ravi, listener: listener)
    }
}
