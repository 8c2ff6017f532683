@testable internal import SCACore
@testable internal import scactl

// Other people's text on its way to a terminal: the first byte chooses the indent.
//
//   - no control and no hidden character comes out, but for line breaks and tabs where they are asked for;
//   - what is clean stays as it is, so sanitizing twice is sanitizing once;
//   - in JSON, the text that a program reads is still the one that was sent.

extension FuzzTarget {
    static let sanitizer = FuzzTarget(name: "sanitizer") { bytes in
        var input = FuzzInput(bytes)
        let indent = input.choice() % 8
        let text = String(decoding: input.rest, as: UTF8.self)
        let line = TextSanitizer.sanitized(text, .oneLine)
        try requireClean(line, except: [])
        try require(same(TextSanitizer.sanitized(line, .oneLine), line), "sanitizing twice changes the line")
        let block = TextSanitizer.sanitized(text, .lines(indent: indent))
        try requireClean(block, except: ["\n", "\t"])

        var quoted: [UInt8] = []
        JSONString.appendEscaped(text, to: &quoted)
        let escaped = TextSanitizer.escapingControls(inJSON: quoted)
        try requireClean(String(decoding: escaped, as: UTF8.self), except: [])
        try require(JSONString.unescape(escaped.span) == Array(text.utf8), "the JSON reads as another text")
    }

    private static func requireClean(_ text: String, except allowed: [Unicode.Scalar]) throws(FuzzFinding) {
        var hidden = HiddenCharacters()
        var scalars = text.unicodeScalars[...]
        while let scalar = scalars.popFirst() {
            try require(!hidden.contains(scalar, before: scalars), "\(code(scalar)) is hidden in what is shown")
            let isControl = scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value)
            try require(!isControl || allowed.contains(scalar), "the control \(code(scalar)) is in what is shown")
        }
    }

    private static func code(_ scalar: Unicode.Scalar) -> String { "U+" + String(scalar.value, radix: 16) }

    /// Equal byte by byte: `==` takes canonically equivalent strings as equal.
    private static func same(_ left: String, _ right: String) -> Bool { left.utf8.elementsEqual(right.utf8) }
}
