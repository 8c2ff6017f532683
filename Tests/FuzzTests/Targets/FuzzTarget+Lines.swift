internal import SCACore

@testable internal import scactl

// What programs and people write, line by line; the first byte chooses the cuts.
//
//   lines   what `pipe` and the program of a bot write, and `send --jsonl`, `--lines`, `-0`: records do not depend on how
//           the stream was cut, and what is let through is fit to be sent
//   prompt  a line typed at the prompt: a text is never a command, a command never a text

extension FuzzTarget {
    static let lines = FuzzTarget(name: "lines") { bytes in
        var input = FuzzInput(bytes)
        let cuts = input.choice()
        let stream = input.rest
        let pieces = stream.pieces(cuts)
        for (separator, limit) in [(0x0A, 64), (0x0A, 4 << 20), (0, 64)] as [(UInt8, Int)] {
            let whole = records(of: [stream], separator, limit)
            try require(records(of: pieces, separator, limit) == whole, "the cuts change the records")
            try require(whole.allSatisfy { ($0.bytes?.count ?? 0) <= limit }, "a record over the limit")
            // Each is read by itself, so many of them would only cost time.
            if limit > 64 { for record in whole.prefix(4) { try check(record) } }
        }
        let cut = cutLines([stream])
        try require(cutLines(pieces) == cut, "the cuts change the lines")
        try require(cut.allSatisfy { $0.utf8.count <= 3 * LineCutter.longest }, "a line over the limit")
    }

    private static func check(_ record: RecordSplitter.Record) throws(FuzzFinding) {
        if let request = try? PipeRequest.parse(record) {
            try require(request.line == record.number, "the request is of line \(request.line)")
            switch request.action {
            case .send(let recipients, let text):
                try require(!recipients.isEmpty && !text.isEmpty, "nothing to send, or to nobody")
                try require(Set(recipients).count == recipients.count, "a recipient twice")
            case .reply(_, let text): try require(!text.isEmpty, "an empty reply")
            case .who: break
            }
        }
        for form in [InputForm.lines, .jsonLines] {
            guard let message = try? MessageRecord.parse(record, as: form) else { continue }
            try require(!message.text.isEmpty, "an empty message")
            // Less the CR of a CRLF.
            let (text, bytes) = (Array(message.text.utf8), record.bytes)
            let isSame = text == bytes && text.last != 0x0D || text + [0x0D] == bytes
            if form == .lines { try require(isSame, "a line is sent as another") }
        }
    }

    private static func records(
        of pieces: [[UInt8]],
        _ separator: UInt8,
        _ limit: Int
    ) -> [RecordSplitter.Record] {
        var splitter = RecordSplitter(separator: separator, limit: limit)
        let records = pieces.flatMap { splitter.append($0) }
        return records + [splitter.finish()].compactMap(\.self)
    }

    private static func cutLines(_ pieces: [[UInt8]]) -> [String] {
        var cutter = LineCutter()
        let lines = pieces.flatMap { cutter.append($0) }
        return lines + [cutter.finish()].compactMap(\.self)
    }

    static let prompt = FuzzTarget(name: "prompt") { bytes in
        let line = String(decoding: bytes, as: UTF8.self)
        switch ChatEntry(line) {
        case .nothing: try require(line.allSatisfy(\.isWhitespace), "a line with something in it means nothing")
        case .text(let text):
            try require(!text.isEmpty && !text.allSatisfy(\.isWhitespace), "an empty text")
            try require(!line.hasPrefix("/") || line.hasPrefix("//"), "a command is sent as a text")
        case .command(.history(let count)): try require((1...1_000).contains(count), "\(count) messages")
        case .command(.grep(let text)): try require(!text.isEmpty, "a search for nothing")
        case .command: try require(line.hasPrefix("/"), "a text is a command")
        case .refused(let sentence): try require(line.hasPrefix("/") && !sentence.isEmpty, "a text is refused")
        }
    }
}
