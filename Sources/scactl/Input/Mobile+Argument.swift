internal import SCACore

extension Mobile {
    /// Reads a mobile as somebody typed it.
    ///
    /// - Parameter line: the record of stdin it is in; nil for the command line and the environment.
    /// - Throws: `CommandFailure` with status 64, or 65 for a record. If only blanks, `+` or the like are in the way,
    ///   the hint is the number without them, and nothing else: it is not silently taken for it, since a `+91` may be missing.
    init(argument text: String, line: Int? = nil) throws(CommandFailure) {
        if let mobile = Mobile(text) {
            self = mobile
            return
        }
        let shown = text.count > 40 ? text.prefix(40) + "…" : text
        let digits = text.filter { !" -+()./".contains($0) }
        let message = "a mobile is 10 to 32 digits, like 9876543210; found \"\(shown)\""
        let hint = Mobile(digits)?.description ?? "the whole number in digits, without + and blanks"
        throw line == nil ? .usage(message, hint: hint) : .badInput(message, hint: hint, line: line)
    }

    /// Reads a list as options give it: repeated, with commas, or both. Each mobile once, in the order given.
    static func list(_ arguments: [String]) throws(CommandFailure) -> [Mobile] {
        var mobiles: [Mobile] = []
        for argument in arguments {
            for word in argument.split(separator: ",", omittingEmptySubsequences: false) {
                mobiles.append(try Mobile(argument: String(word.trimmingBlanks)))
            }
        }
        return mobiles.withoutRepeats
    }
}

extension Array where Element: Hashable {
    /// Each element once, where it comes first.
    var withoutRepeats: [Element] {
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}

extension Substring {
    fileprivate var trimmingBlanks: Substring {
        var rest = drop { $0 == " " }
        while rest.last == " " { rest.removeLast() }
        return rest
    }
}
