internal import ArgumentParser
internal import FoundationEssentials
internal import SCACore

/// What Tab offers at a shell where a mobile is expected.
///
/// The completion scripts call the program for it (`scactl ---completion …`), with the words of the command line. It reads
/// files only, and an answer that cannot be given is an empty one: a complaint would land in the middle of what is typed.
struct MobileCompletion {
    /// The words of the command line, `scactl` first.
    var words: [String]
    var environment: [String: String]

    /// Those whom the current mobile has talked to, newest first.
    static var peers: CompletionKind {
        .custom { words, _, prefix in
            MobileCompletion(words: words, environment: ProcessInfo.processInfo.environment).peers(completing: prefix)
        }
    }

    /// The mobiles that have been somebody's own on this device.
    static var own: CompletionKind {
        .custom { words, _, _ in
            MobileCompletion(words: words, environment: ProcessInfo.processInfo.environment).own().map(\.description)
        }
    }

    /// - Parameter prefix: what stands before the cursor. After a comma the next mobile is completed, and the shell gets
    ///   the whole word.
    func peers(completing prefix: String) -> [String] {
        guard let mobile, let history = try? paths.history(of: mobile) else { return [] }
        let start = prefix.lastIndex(of: ",").map { prefix.index(after: $0) } ?? prefix.startIndex
        let (given, begun) = (prefix[..<start], prefix[start...])
        let taken = Set(given.split(separator: ",").compactMap { Mobile(String($0)) })
        return KnownPeers.read(historyPath: history, limit: .max)
            .filter { !taken.contains($0) && $0.description.hasPrefix(begun) }
            .map { "\(given)\($0)" }
    }

    /// The one that is logged in first, then those that have a folder, in order.
    func own() -> [Mobile] {
        let folders = (try? FileManager.default.contentsOfDirectory(atPath: paths.dataFolder)) ?? []
        return ([settings.mobile].compactMap(\.self) + folders.sorted().compactMap { Mobile($0) }).withoutRepeats
    }

    /// The current mobile, found as `Invocation` finds it.
    private var mobile: Mobile? {
        if let text = words.lastValue(of: "--mobile", "-m") { return Mobile(text) }
        if let text = environment["SCACTL_MOBILE"], !text.isEmpty { return Mobile(text) }
        return settings.mobile
    }

    private var paths: SettingsPaths { SettingsPaths(environment: environment) }

    private var settings: Settings { (try? Settings.load(from: paths.configFile)) ?? Settings() }
}
