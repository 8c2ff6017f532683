import Foundation

/// A JSON line that a program printed.
struct Row: Sendable, CustomStringConvertible {
    let line: String
    private let values: [String: Value]

    enum Value: Hashable, Sendable {
        case text(String)
        case number(Int)
        case truth(Bool)
        case other
    }

    init(_ line: String) {
        self.line = line
        let object = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        values = (object ?? [:]).mapValues { value in
            switch value {
            case let text as String: .text(text)
            // A JSON truth is a number as well.
            case let truth as Bool where "\(type(of: value))".contains("Bool"): .truth(truth)
            case let number as Int: .number(number)
            default: .other
            }
        }
    }

    var description: String { line }
    var isObject: Bool { !values.isEmpty }

    /// The text of a key; nil if there is none.
    subscript(key: String) -> String? {
        if case .text(let text) = values[key] { text } else { nil }
    }

    func number(_ key: String) -> Int? {
        if case .number(let number) = values[key] { number } else { nil }
    }

    func truth(_ key: String) -> Bool? {
        if case .truth(let truth) = values[key] { truth } else { nil }
    }
}

extension Collection<Row> {
    /// The text of a key in each row that has it.
    subscript(key: String) -> [String] { compactMap { $0[key] } }

    /// The rows of one type.
    func of(_ type: String) -> [Row] { filter { $0["type"] == type } }
}
