import Testing

@testable import scactl

/// What is said of a command line that makes no sense, and in which form.
@Suite(.timeLimit(.minutes(10))) struct CommandLineTests {
    /// Each row: the command line, the environment's form, whether stdout is a terminal, whether the error is JSON.
    @Test(
        arguments: [
            (["who", "--nosuch"], nil, false, true), (["who", "--nosuch"], nil, true, false),
            (["who", "--nosuch", "-o", "json"], nil, true, true), (["-ojson", "who", "--nosuch"], nil, true, true),
            (["nosuch", "--output=json"], nil, true, true), (["who", "-o", "text", "--nosuch"], nil, false, false),
            (["--output", "text", "nosuch"], "json", false, false), (["nosuch"], "json", true, true),
            (["nosuch"], "text", false, false), (["nosuch"], "xml", true, false),
            (["who", "-o", "xml"], nil, false, true), (["who", "--color", "pink", "-o", "json"], nil, true, true),
            (["send", "--nosuch", "--", "-o", "text"], nil, false, true), (["who", "-o"], nil, true, false),
        ] as [([String], String?, Bool, Bool)]
    )
    func usageErrorsHaveTheFormThatRowsWouldHave(
        _ arguments: [String],
        _ variable: String?,
        _ isTerminal: Bool,
        _ isJSON: Bool
    ) async {
        var world = World()
        world.environment["SCACTL_OUTPUT"] = variable
        world.terminals.output = isTerminal
        #expect(await Scactl.run(arguments, in: world.context) == .usage)
        #expect(world.errors.lines.map { $0.hasPrefix(#"{"type":"error","code":"usage","message":""#) } == [isJSON])
        #expect(world.errors.lines.map { $0.hasPrefix("scactl: ") } == [!isJSON])
    }

    @Test func helpAboutACommandThatIsNotThereIs64() async {
        let outcome = await World().run("-o", "text", "help", "sned")
        #expect(outcome.status == .usage)
        #expect(outcome.rows.isEmpty)
        #expect(outcome.errors == ["scactl: there is no command \"sned\"\n  try: scactl send"])
    }

    /// Its options are the real command's, and no fault of theirs.
    @Test(
        arguments: [
            (["sned", "--to", "9876543211", "hi"], "sned", "scactl send"),
            (["SEND", "--to", "98"], "SEND", "scactl send"),
            (["-m9876543210", "--color", "never", "sned", "-n5"], "sned", "scactl send"),
            (["sned"], "sned", "scactl send"),
            (["bot", "--nosuch"], nil, "scactl bot --help"), (["--to", "sned", "who"], nil, "scactl who --help"),
            (["-v", "9812345678", "--to", "x"], "9812345678", "scactl --help"),
        ] as [([String], String?, String)]
    )
    func aWordThatIsNoCommandIsSaidBeforeItsOptions(_ arguments: [String], _ word: String?, _ hint: String) async {
        let world = World()
        #expect(await Scactl.run(["-o", "text"] + arguments, in: world.context) == .usage)
        let said = world.errors.lines.joined()
        #expect(said.hasSuffix("\n  try: \(hint)"), "\(said)")
        #expect(said.hasPrefix("scactl: there is no command \"\(word ?? "")\"\n") == (word != nil), "\(said)")
    }

    @Test(arguments: [["help", "help"], ["help", "send"], ["send", "help", "--help"], ["-q", "help"]])
    func helpAboutWhatIsThereIs0(_ arguments: [String]) async {
        let world = World()
        #expect(await Scactl.run(arguments, in: world.context) == .done)
        #expect(world.output.lines.count == 1 && world.errors.lines.isEmpty)
    }

    @Test(arguments: [
        (["bot", "--each", "sh", "-c", "cat"], "sh", "scactl bot --each -- sh …"),
        (["bot", "-j", "4", "--each", "python3", "-u", "x.py"], "python3", "scactl bot -j 4 --each -- python3 …"),
    ])
    func aProgramsOptionsBelongBehindTheDashes(_ arguments: [String], _ program: String, _ hint: String) async {
        let world = World()
        #expect(await Scactl.run(arguments + ["--output=text"], in: world.context) == .usage)
        let message = "the options of \"\(program)\" are taken for ours; -- goes before the program"
        #expect(world.errors.lines.joined() == "scactl: \(message)\n  try: \(hint)")
    }

    @Test func anOptionThatBotDoesNotHaveIsNamed() async {
        #expect(await World().run("-o", "text", "bot", "--nosuch", "sh").errors.joined().contains("unknown option"))
    }

    @Test(arguments: [
        (["who", "--timeout", "-1"], "--timeout needs a value, and \"-1\" looks like an option", "scactl who --help"),
        (["history", "-n", "-3"], "-n needs a value, and \"-3\" looks like an option", "scactl history --help"),
        (
            ["history", "--grep", "-x"], "--grep needs a value, and \"-x\" looks like an option",
            "--grep=-x, if it is one"
        ),
        (["send", "--to"], "missing value for '--to <mobile>'", nil),
    ])
    func aValueThatLooksLikeAnOptionIsNamed(_ arguments: [String], _ message: String, _ hint: String?) async {
        let world = World()
        #expect(await Scactl.run(["-o", "text"] + arguments, in: world.context) == .usage)
        let said = world.errors.lines.joined()
        #expect(said.hasPrefix("scactl: \(message)\n"))
        if let hint { #expect(said.hasSuffix("\n  try: \(hint)")) }
    }

    @Test func whatIsJoinedToItsOptionIsAValue() async throws {
        let world = World()
        try world.store(.example("a", text: "see -x there"))
        #expect(await world.run("history", "--grep=-x").rows.count == 1)
    }
}
