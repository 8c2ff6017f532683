import Foundation
import Testing

/// What `docs/troubleshooting.md` says that the programs say, they say: each part of each sentence stands in one of their sources.
@Suite struct TroubleshootingSentencesTests {
    private static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

    /// Where the page names an example for what a program puts in, or sentences are put together: what stands in the sources.
    private static let composed = [
        ("SCAD_PORT must", "… must"), ("what answers at wss://…", "what answers at …"),
        ("what answers at ws://…", "what answers at …"), ("it is self-signed", "it is … self-signed"),
        ("it is from an authority", "it is … from …; an authority"), ("cannot read stdin", "cannot read …"),
        ("cannot open …", "cannot …"), ("is a symbolic link", "a symbolic link"),
        ("shown ended on", "shown …; ended on"), ("shown was refused", "shown …; was refused"),
        ("others can read the token in …; the code in …", "others can read the … in …"),
        ("…/config.json", "…"), ("neither XDG_CONFIG_HOME", "neither …"), ("of --tls-cert has", "of … has"),
        ("of --tls-key is", "of … is"),
        // Swift Argument Parser's.
        ("the value '…' is invalid for '…'", "…"),
    ]

    /// The cells of all columns of sentences.
    private static func sentences() throws -> [String] {
        let text = try String(contentsOfFile: "\(root)/docs/troubleshooting.md", encoding: .utf8)
        var columns: [Int]?
        var found: [String] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            guard line.hasPrefix("|") else {
                columns = nil
                continue
            }
            let cells = line.split(separator: "|", omittingEmptySubsequences: false).dropFirst().dropLast()
                .map { $0.trimmingCharacters(in: .whitespaces) }
            if let columns {
                found += columns.map { cells[$0] }.filter { !$0.isEmpty && !$0.hasPrefix("-") }
            } else {
                columns = cells.indices.filter { ["sentence", "row"].contains(cells[$0]) }
            }
        }
        return found
    }

    /// The sources without comments, strings of several lines and parts joined.
    private static let sources: [String] = {
        let files = FileManager.default.enumerator(atPath: "\(root)/Sources")?.compactMap { $0 as? String } ?? []
        return files.filter { $0.hasSuffix(".swift") }.compactMap { file in
            let text = try? String(contentsOfFile: "\(root)/Sources/\(file)", encoding: .utf8)
            let lines = text?.split(separator: "\n").filter { !$0.drop { $0 == " " }.hasPrefix("//") }
            return lines?.joined(separator: "\n").replacing(/\\\n */, with: "").replacing(/" *\n? *\+ "/, with: "")
        }
    }()

    /// What the system says: it puts that into a sentence.
    private static let systems = (1...133).map { String(cString: strerror($0)) }

    /// The parts of a sentence, each of which one source must have: pieces between what is different each time.
    private static func parts(of sentence: String) -> [[String]] {
        var text = composed.reduce(sentence) { $0.replacing($1.0, with: $1.1) }
        for words in systems { text = text.replacing(words, with: "…") }
        let parts = text.split(separator: /; |: |, |[()]/)
        return parts.map { part in
            part.split(separator: /[…"`✗?]|[0-9]+/).map {
                $0.trimmingCharacters(in: CharacterSet(charactersIn: " ,.:'"))
            }
            .filter { $0.contains(/[A-Za-z]{3}/) }
        }
    }

    @Test func everySentenceIsOneOfTheSources() throws {
        let sentences = try Self.sentences()
        #expect(sentences.count > 90)
        for sentence in sentences {
            for pieces in Self.parts(of: sentence) {
                let isSaid = Self.sources.contains { source in pieces.allSatisfy { source.contains($0) } }
                #expect(isSaid, "\(pieces), of \"\(sentence)\", is in no source")
            }
        }
        for (example, _) in Self.composed {
            #expect(sentences.contains { $0.contains(example) }, "\"\(example)\" is not on the page any more")
        }
    }
}
