import Foundation

/// Somebody on a shell: a mobile, folders of their own, and `scactl`.
struct Person: Sendable {
    let mobile: String
    /// What is the person's; the XDG folders are in it.
    let folder: String
    var environment: [String: String]
    /// For somebody in a `Room`: what runs a program there.
    var entering: [String] = []
    /// For somebody in a `Room`: where its files are seen from outside.
    var root = ""
    private let stage: Stage

    init(_ mobile: String, _ server: String?, on stage: Stage) throws {
        self.mobile = mobile
        self.stage = stage
        folder = "\(stage.folder)/\(mobile)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        environment = [
            "XDG_CONFIG_HOME": "\(folder)/config", "XDG_DATA_HOME": "\(folder)/data",
            "XDG_STATE_HOME": "\(folder)/state", "SCACTL_MOBILE": mobile,
        ]
        environment["SCACTL_SERVER"] = server
    }

    var configFile: String { "\(folder)/config/sca/config.json" }
    var historyFile: String { "\(root)\(folder)/data/sca/\(mobile)/history.jsonl" }

    /// The history as it is on disk, whole lines only.
    var history: [Row] {
        guard let data = FileManager.default.contents(atPath: historyFile),
            let end = data.lastIndex(of: 0x0A)
        else { return [] }
        return data[...end].split(separator: 0x0A).map { Row(String(decoding: $0, as: UTF8.self)) }
    }

    /// Starts `scactl`.
    func start(_ arguments: String..., input: Input = .nothing) throws -> Program {
        try stage.start("scactl", arguments, environment: environment, input: input, entering: entering)
    }

    /// Runs `scactl` to its end.
    @discardableResult
    func run(_ arguments: String..., input: Input = .nothing, within deadline: Duration = patience) async throws
        -> Finished
    {
        try await stage.start("scactl", arguments, environment: environment, input: input, entering: entering)
            .finish(within: deadline)
    }

    /// Starts a line of shell in the person's folder.
    func shell(_ line: String, input: Input = .nothing) throws -> Program {
        let words = ["-c", "cd \"$0\" || exit; \(line)", folder]
        return try stage.start("/bin/sh", words, environment: environment, input: input)
    }

    /// Starts `listen` and waits until the person is online: until a connection of theirs stands, which `--verbose` says.
    func listen(_ arguments: String...) async throws -> Program {
        let words = ["listen", "-v"] + arguments
        let listener = try stage.start("scactl", words, environment: environment, entering: entering)
        try await listener.said("connected:")
        return listener
    }

    /// Waits until `who` finds all of these online.
    func sees(_ people: Person...) async throws {
        let mobiles = people.map(\.mobile)
        try await eventually("\(mobiles) to be online") {
            try await stage.start("scactl", ["who"] + mobiles, environment: environment).finish().exit
                == .status(0)
        }
    }

    /// Waits until `who` finds none of these online.
    func misses(_ person: Person) async throws {
        try await eventually("\(person.mobile) to be offline") {
            let answer = try await run("who", person.mobile)
            return answer.rows.first?.truth("online") == false
        }
    }
}
