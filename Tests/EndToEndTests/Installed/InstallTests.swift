import Foundation
import Testing

/// `scripts/install`, from the programs that were built with these tests.
@Suite struct InstallTests {
    private let stage: Stage
    init() async { stage = await Stage() }

    private static let files = [
        "bin/scactl", "bin/scad", "share/man/man1/scactl.1", "share/man/man8/scad.8", "share/man/man5/sca-rows.5",
        "share/bash-completion/completions/scactl", "share/zsh/site-functions/_scactl",
        "share/fish/vendor_completions.d/scactl.fish",
    ]

    @Test func programsPagesAndCompletionsAreUnderThePrefixAndWork() async throws {
        let prefix = "\(stage.folder)/usr"
        let installed = try await stage.install("--prefix", prefix).finish()
        #expect(installed.exit == .status(0), "\(installed.errors)")
        #expect(installed.lines == Self.files.map { "\(prefix)/\($0)" })
        #expect(installed.errors == "install: \(prefix)/bin is not in your PATH\n")
        for program in ["scactl", "scad"] {
            let version = try await stage.start("\(prefix)/bin/\(program)", ["--version"]).finish()
            #expect(version.exit == .status(0))
            #expect(version.output.hasPrefix("\(program) 1."))
        }
        for file in Self.files where file.contains("/man/") {
            let page = try await stage.start("/usr/bin/env", ["mandoc", "-T", "ascii", "\(prefix)/\(file)"]).finish()
            let name = file.split(separator: "/").last.map { $0.uppercased().replacing(".", with: "(") + ")" }
            #expect(page.exit == .status(0) && page.output.hasPrefix(name ?? "?"))
        }
        for (shell, file) in ["bash", "zsh", "fish"].enumerated().map({ ($1, Self.files[5 + $0]) }) {
            let script = try await stage.start("scactl", ["completions", shell]).finish()
            #expect(try String(contentsOfFile: "\(prefix)/\(file)", encoding: .utf8) == script.output)
        }
        // Once more, over what is there.
        #expect(try await stage.install("--prefix=\(prefix)").finish().exit == .status(0))
    }

    @Test func destdirStandsBeforeEveryPathAndIsNotPartOfThePrefix() async throws {
        let installed = try await stage.install("--prefix", "/opt/sca/", destination: stage.folder).finish()
        #expect(installed.exit == .status(0), "\(installed.errors)")
        #expect(installed.lines == Self.files.map { "\(stage.folder)/opt/sca/\($0)" })
        #expect(installed.errors.isEmpty)
    }

    @Test func aRelativeDestdirIsTakenFromWhereOneStands() async throws {
        let line = #"cd "$0" && DESTDIR=made exec "$@""#
        let words = ["-c", line, stage.folder, "\(Stage.repository)/scripts/install", "--prefix", "/usr"]
        let installed = try await stage.start("/bin/sh", words + ["--build-path", Stage.products]).finish()
        #expect(installed.exit == .status(0), "\(installed.errors)")
        #expect(installed.lines == Self.files.map { "\(stage.folder)/made/usr/\($0)" })
    }

    @Test func whereNothingCanBeWrittenItSaysSoBeforeItDoesAnything() async throws {
        let file = try stage.file("file", "")
        let refused = try await stage.install("--prefix", "\(file)/sca").finish()
        #expect(refused.exit == .status(74))
        #expect(refused.output.isEmpty)
        #expect(refused.errors.hasPrefix("install: cannot install under \(file)/sca: \(file) is no folder\n  try: "))
    }

    @Test(arguments: [
        (["--nosuch"], "cannot understand \"--nosuch\"", 64), (["--prefix"], "--prefix needs a folder", 64),
        (["--prefix="], "--prefix needs a folder", 64),
        (["--build-path", "/nosuch"], "there is no scactl in /nosuch", 66),
    ])
    func whatItIsToldWronglyIsNamed(_ arguments: [String], _ sentence: String, _ status: Int32) async throws {
        let script = "\(Stage.repository)/scripts/install"
        let refused = try await stage.start(script, arguments, environment: ["DESTDIR": stage.folder]).finish()
        #expect(refused.exit == .status(status))
        #expect(refused.errors.hasPrefix("install: \(sentence)\n"))
    }
}

extension Stage {
    /// Starts `scripts/install` on the programs under test.
    fileprivate func install(_ arguments: String..., destination: String = "") throws -> Program {
        let words = arguments + ["--build-path", Self.products]
        return try start("\(Self.repository)/scripts/install", words, environment: ["DESTDIR": destination])
    }
}
