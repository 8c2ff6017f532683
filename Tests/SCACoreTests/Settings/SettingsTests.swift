import Glibc
import Testing

@testable import SCACore

@Suite struct SettingsTests {
    let folder: TemporaryFolder
    var path: String { folder.path + "/config/sca/config.json" }

    init() throws { folder = try TemporaryFolder() }

    @Test func missingOrEmptyFileIsEmptySettings() throws {
        #expect(try Settings.load(from: path) == Settings())
        try folder.write("", to: path)
        #expect(try Settings.load(from: path) == Settings())
        try folder.write("{}", to: path)
        #expect(try Settings.load(from: path) == Settings())
    }

    @Test func settingsComeBackAsTheyWere() throws {
        for output in [nil] + Settings.Output.allCases.map(Optional.some) {
            let (mobile, server) = (try Mobile.test("0123456789"), "wss://a/x?y=\"z\"")
            let settings = Settings(mobile: mobile, server: server, caFile: "/etc/my ca.pem", output: output)
            try settings.save(to: path)
            #expect(try Settings.load(from: path) == settings)
        }
        try Settings().save(to: path)
        #expect(try Settings.load(from: path) == Settings())
    }

    @Test func fileIsForPeopleToEdit() throws {
        try Settings(mobile: try .test("9876543210"), server: "ws://127.0.0.1:8080").save(to: path)
        #expect(
            try folder.text(of: path) == """
                {
                  "mobile" : "9876543210",
                  "server" : "ws://127.0.0.1:8080"
                }

                """
        )
    }

    @Test func unknownKeysAndNullsAreIgnored() throws {
        try folder.write(#"{"color":{"a":[1]},"mobile":null,"server":"ws://a"}"#, to: path)
        #expect(try Settings.load(from: path) == Settings(server: "ws://a"))
    }

    @Test func fileIsPrivateAndNoDraftIsLeft() throws {
        try Settings(server: "ws://a").save(to: path)
        #expect(try folder.mode(of: path) == 0o600)
        #expect(try folder.mode(of: folder.path + "/config") == 0o700)
        #expect(try folder.mode(of: folder.path + "/config/sca") == 0o700)
        #expect(chmod(path, 0o644) == 0)
        try Settings(server: "ws://b").save(to: path)
        #expect(try folder.mode(of: path) == 0o600)
        #expect(try folder.names(in: folder.path + "/config/sca") == ["config.json"])
    }

    @Test func symbolicLinkIsFollowed() throws {
        try folder.write("{}", to: folder.path + "/mine.json")
        try PrivateFolder.make(PrivateFolder.holding(path))
        #expect(symlink(folder.path + "/mine.json", path) == 0)
        try Settings(server: "ws://a").save(to: path)
        #expect(try folder.text(of: folder.path + "/mine.json").contains("ws://a"))
        #expect(try Settings.load(from: path) == Settings(server: "ws://a"))
    }

    @Test(arguments: [
        (#"{"mobile":"12"}"#, SettingsError.Code.invalidValue, #""mobile" is "12"; expected 10 to 32 digits"#),
        (#"{"output":"xml"}"#, .invalidValue, #""output" is "xml"; expected auto, text or json"#),
        (#"{"mobile":9876543210}"#, .malformed, #""mobile" is not text"#),
        (#"{"server":["ws://a"]}"#, .malformed, #""server" is not text"#),
        (#"[1]"#, .malformed, "not a JSON object"),
        (#"{"mobile":"#, .malformed, "not JSON"),
        ("mobile = 9876543210", .malformed, "not JSON"),
    ])
    func unusableFileSaysWhatIsWrongAndWhatToDo(text: String, code: SettingsError.Code, found: String) throws {
        try folder.write(text, to: path)
        let error = try #require(throws: SettingsError.self) { try Settings.load(from: path) }
        #expect(error.code == code)
        #expect(error.message.contains(path))
        #expect(error.message.contains(found))
        #expect(error.hint.contains("remove the file and log in again"))
    }

    @Test func endlessFileIsNotReadIn() throws {
        try folder.write(String(repeating: " ", count: 1 << 20) + "{}", to: path)
        let error = try #require(throws: SettingsError.self) { try Settings.load(from: path) }
        #expect(error.message.contains("over 1048576 bytes"))
    }

    @Test func folderInPlaceOfTheFileIsAnError() throws {
        try PrivateFolder.make(path)
        let reading = try #require(throws: SettingsError.self) { try Settings.load(from: path) }
        #expect(reading.code == .unreadable)
        #expect(reading.description.contains("\(path): it is not a regular file"))
        #expect(reading.hint.contains("log in again"))
        let writing = try #require(throws: SettingsError.self) { try Settings().save(to: path) }
        #expect(writing.code == .unwritable)
        #expect(writing.message.contains(path))
        #expect(writing.hint.contains("XDG_CONFIG_HOME"))
        #expect(try folder.names(in: PrivateFolder.holding(path)) == ["config.json"])
    }

    @Test func logoutForgetsWhoAndWhere() throws {
        let settings = Settings(mobile: try .test("9876543210"), server: "wss://a", caFile: "/ca.pem", output: .json)
        try settings.save(to: path)
        #expect(try Settings.remove(at: path) == settings)
        #expect(try Settings.load(from: path) == Settings(output: .json))
        try Settings(mobile: try .test("9876543210")).save(to: path)
        try Settings.remove(at: path)
        #expect(try folder.names(in: PrivateFolder.holding(path)).isEmpty)
        #expect(try Settings.remove(at: path) == Settings())
    }
}
