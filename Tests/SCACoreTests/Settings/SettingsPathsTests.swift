import Testing

@testable import SCACore

@Suite struct SettingsPathsTests {
    @Test func defaultsAreUnderHome() throws {
        let paths = try SettingsPaths(environment: ["HOME": "/home/ann"])
        #expect(paths.configFile == "/home/ann/.config/sca/config.json")
        #expect(try paths.history(of: .test("0123456789")) == "/home/ann/.local/share/sca/0123456789/history.jsonl")
        #expect(paths.stateFolder == "/home/ann/.local/state/sca")
    }

    @Test func variablesOfXDGComeFirst() throws {
        let paths = try SettingsPaths(environment: [
            "HOME": "/home/ann", "XDG_CONFIG_HOME": "/c", "XDG_DATA_HOME": "/d", "XDG_STATE_HOME": "/s",
        ])
        #expect(paths.configFile == "/c/sca/config.json")
        #expect(paths.dataFolder == "/d/sca")
        #expect(paths.stateFolder == "/s/sca")
    }

    @Test(arguments: ["", "relative", "./c", "~/c"])
    func relativeVariableIsIgnored(value: String) throws {
        let paths = try SettingsPaths(environment: ["HOME": "/home/ann", "XDG_CONFIG_HOME": value])
        #expect(paths.configFile == "/home/ann/.config/sca/config.json")
    }

    @Test func homeIsNotNeededWhenEverythingElseIsSet() throws {
        let all = ["XDG_CONFIG_HOME": "/c", "XDG_DATA_HOME": "/d", "XDG_STATE_HOME": "/s"]
        #expect(try SettingsPaths(environment: all).dataFolder == "/d/sca")
    }

    @Test(arguments: [[:], ["HOME": ""], ["HOME": "ann"], ["XDG_CONFIG_HOME": "/c", "XDG_STATE_HOME": "/s"]])
    func missingHomeSaysWhatToSet(environment: [String: String]) throws {
        let error = try #require(throws: SettingsError.self) { try SettingsPaths(environment: environment) }
        #expect(error.code == .noHome)
        #expect(error.hint.hasPrefix("set HOME"))
    }
}
