import Foundation
import Testing

/// `scripts/install` and `scripts/uninstall`, with the programs that were built with these tests.
@Suite struct InstallTests {
    private let stage: Stage
    init() async { stage = await Stage() }

    private static let files = [
        "bin/scactl", "bin/scad", "share/man/man1/scactl.1", "share/man/man8/scad.8", "share/man/man5/sca-rows.5",
        "share/bash-completion/completions/scactl", "share/zsh/site-functions/_scactl",
        "share/fish/vendor_completions.d/scactl.fish", "lib/systemd/system/scad.service",
        "lib/systemd/system/scad.socket", "share/systemd/user/sca-bot@.service",
        "share/doc/scactl/THIRD-PARTY-NOTICES", "share/doc/scad/THIRD-PARTY-NOTICES", "share/sca/installed",
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

    @Test(arguments: [
        ("/opt/sca", "=/opt/sca/bin/"), ("/opt/100% ours", #"=/opt/100%%\sours/bin/"#), ("/", "=/bin/"),
    ])
    func unitsNameTheProgramsWhereTheyAre(_ prefix: String, _ written: String) async throws {
        let installed = try await stage.install("--prefix", prefix, destination: stage.folder).finish()
        #expect(installed.exit == .status(0), "\(installed.errors)")
        for (unit, program) in [("lib/systemd/system/scad", "scad"), ("share/systemd/user/sca-bot@", "scactl bot ")] {
            let file = "\(stage.folder)/\(prefix)/\(unit).service"
            let lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
            let started = try #require(lines.first { $0.hasPrefix("ExecStart=") })
            #expect(started.hasPrefix("ExecStart\(written)\(program)"))
        }
    }

    @Test func whatWasInstalledGoesAndNothingElse() async throws {
        let prefix = "\(stage.folder)/usr"
        // Of these, the folders were there before, and the file is nobody's business.
        try FileManager.default.createDirectory(atPath: "\(prefix)/share/man/man1", withIntermediateDirectories: true)
        _ = try stage.file("usr/share/man/man1/other.1", "")
        let before = try stage.places(in: prefix)
        for _ in 1...2 { #expect(try await stage.install("--prefix", prefix).finish().exit == .status(0)) }
        let between = try stage.places(in: prefix)

        let removed = try await stage.uninstall("--prefix", prefix).finish()
        #expect(removed.exit == .status(0), "\(removed.errors)")
        #expect(removed.errors.isEmpty)
        #expect(try stage.places(in: prefix) == before)
        let names = removed.lines.map { $0.hasSuffix("/") ? String($0.dropLast()) : $0 }
        #expect(Set(names) == Set(between.subtracting(before).map { "\(prefix)/\($0)" }))

        let again = try await stage.uninstall("--prefix=\(prefix)").finish()
        #expect(again.exit == .status(0) && again.output.isEmpty)
        #expect(again.errors == "uninstall: nothing to remove: there is no \(prefix)/share/sca/installed\n")
    }

    @Test func aFolderThatHoldsSomebodysFileStaysAndTheRestGoes() async throws {
        #expect(try await stage.install("--prefix", "/opt/sca", destination: stage.folder).finish().exit == .status(0))
        _ = try stage.file("opt/sca/share/sca/notes", "mine")
        let removed = try await stage.uninstall("--prefix", "/opt/sca/", destination: stage.folder).finish()
        #expect(removed.exit == .status(0), "\(removed.errors)")
        let left = ["opt", "opt/sca", "opt/sca/share", "opt/sca/share/sca", "opt/sca/share/sca/notes"]
        #expect(try stage.places(in: stage.folder) == Set(left))
    }

    @Test(arguments: [
        ("/usr/local", "/usr/local/lib", true), ("/usr", "/lib", true), ("/usr", "/usr/lib", true),
        ("/root/.local", "/lib", false), ("/usr/local", "/usr/lib", false),
    ])
    func onlyAUnitThatWasItsOwnIsSaidToBeEnabled(_ prefix: String, _ folder: String, _ isOwn: Bool) async throws {
        #expect(try await stage.install("--prefix", prefix, destination: stage.folder).finish().exit == .status(0))
        let wants = "\(stage.folder)/etc/systemd/system/multi-user.target.wants"
        try FileManager.default.createDirectory(atPath: wants, withIntermediateDirectories: true)
        let unit = "\(folder)/systemd/system/scad.service"
        try FileManager.default.createSymbolicLink(atPath: "\(wants)/scad.service", withDestinationPath: unit)
        let removed = try await stage.uninstall("--prefix", prefix, destination: stage.folder).finish()
        #expect(removed.exit == .status(0))
        #expect(removed.errors == (isOwn ? "uninstall: it was enabled: systemctl disable --now scad.service\n" : ""))
    }

    @Test(arguments: ["/etc/passwd", "/opt/sca/../../etc/passwd", "/etc/", "opt/sca/bin/scad"])
    func aRecordThatNamesWhatIsNotUnderThePrefixRemovesNothing(_ line: String) async throws {
        #expect(try await stage.install("--prefix", "/opt/sca", destination: stage.folder).finish().exit == .status(0))
        let record = try stage.file("opt/sca/share/sca/installed", "/opt/sca/bin/scad\n\(line)\n")
        let before = try stage.places(in: stage.folder)
        let refused = try await stage.uninstall("--prefix", "/opt/sca", destination: stage.folder).finish()
        #expect(refused.exit == .status(65))
        #expect(refused.errors.hasPrefix("uninstall: \(record) names \"\(line)\", which is not under /opt/sca; "))
        #expect(try stage.places(in: stage.folder) == before)
    }

    @Test(arguments: [("outside", false), ("opt/sca/elsewhere", true)])
    func aLinkMustNotLeadOutOfThePrefix(_ target: String, _ goes: Bool) async throws {
        #expect(try await stage.install("--prefix", "/opt/sca", destination: stage.folder).finish().exit == .status(0))
        let documents = "\(stage.folder)/opt/sca/share/doc"
        try FileManager.default.moveItem(atPath: documents, toPath: "\(stage.folder)/\(target)")
        try FileManager.default.createSymbolicLink(atPath: documents, withDestinationPath: "\(stage.folder)/\(target)")
        let before = try stage.places(in: stage.folder)
        let removed = try await stage.uninstall("--prefix", "/opt/sca", destination: stage.folder).finish()
        #expect(removed.exit == .status(goes ? 0 : 65))
        let after = try stage.places(in: stage.folder)
        #expect(after.contains("\(target)/scad/THIRD-PARTY-NOTICES") == !goes)
        guard !goes else { return }
        #expect(removed.errors.contains(" out of \(stage.folder)/opt/sca; nothing was removed\n"))
        #expect(after == before)
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

    /// Starts `scripts/uninstall`.
    fileprivate func uninstall(_ arguments: String..., destination: String = "") throws -> Program {
        try start("\(Self.repository)/scripts/uninstall", arguments, environment: ["DESTDIR": destination])
    }

    /// Every file and folder in a folder, as it is called from there.
    fileprivate func places(in folder: String) throws -> Set<String> {
        Set(try FileManager.default.subpathsOfDirectory(atPath: folder))
    }
}
