/// A frame's bytes, asked for the values that a scan found in them: typed, or an error that says what is wrong.
///
/// Messages name the key, never the text of a message.
extension Span<UInt8> {
    func string(_ value: JSONCursor.Value?, _ key: StaticString) throws(WireError) -> String {
        let value = try require(value, .string, "a string", key)
        return MessageText(value, in: self).string
    }

    func mobile(_ value: JSONCursor.Value?, _ key: StaticString) throws(WireError) -> Mobile {
        let value = try require(value, .string, "a string", key)
        guard let mobile = mobile(value) else {
            throw WireError(.invalidMobile, "\(key) must be 10 to 32 digits")
        }
        return mobile
    }

    func id(_ value: JSONCursor.Value?, _ key: StaticString) throws(WireError) -> MessageID {
        let value = try require(value, .string, "a string", key)
        let id =
            value.hasEscapes
            ? MessageID(MessageText(value, in: self).string)
            : MessageID(ascii: extracting(value.range))
        guard let id else {
            throw WireError(.invalidFrame, "\(key) must be 1 to 64 of A-Z a-z 0-9 _ -")
        }
        return id
    }

    func text(_ value: JSONCursor.Value?, _ key: StaticString, limit: Int) throws(WireError) -> MessageText {
        let value = try require(value, .string, "a string", key)
        guard value.unescapedCount <= limit else {
            throw WireError(.tooLarge, "\(key) has \(value.unescapedCount) bytes; at most \(limit) are allowed")
        }
        return MessageText(value, in: self)
    }

    /// A list of mobiles; each element must be one.
    func mobiles(_ value: JSONCursor.Value?, _ key: StaticString, limit: Int) throws(WireError) -> [Mobile] {
        let value = try require(value, .array, "a list of mobiles", key)
        var mobiles: [Mobile] = []
        var invalid = false
        try elements(of: value, key) { element in
            guard mobiles.count <= limit else { return }
            guard element.kind == .string, let mobile = mobile(element) else {
                invalid = true
                return
            }
            mobiles.append(mobile)
        }
        guard mobiles.count <= limit else {
            throw WireError(.tooLarge, "\(key) has over \(limit) mobiles; send fewer at a time")
        }
        guard !invalid else { throw WireError(.invalidMobile, "each of \(key) must be 10 to 32 digits") }
        return mobiles
    }

    /// A whole number that fits; a fraction, an exponent or a number out of range is refused.
    func integer<Number: FixedWidthInteger>(
        _ value: JSONCursor.Value?,
        _ key: StaticString,
        as: Number.Type = Number.self
    ) throws(WireError) -> Number {
        let value = try require(value, .number, "a whole number", key)
        let digits = String(decoding: Array(copying: extracting(value.range)), as: UTF8.self)
        guard let number = Number(digits) else {
            throw WireError(.invalidFrame, "\(key) must be a whole number from \(Number.min) to \(Number.max)")
        }
        return number
    }

    func elements(
        of value: JSONCursor.Value,
        _ key: StaticString,
        _ body: (JSONCursor.Value) -> Void
    ) throws(WireError) {
        var cursor = JSONCursor(at: value.range.lowerBound)
        do throws(JSONCursor.Failure) {
            try cursor.array(self) { (cursor) throws(JSONCursor.Failure) in body(try cursor.value(self)) }
        } catch {
            throw WireError(.invalidFrame, "\(key): \(error.what)")
        }
    }

    func mobile(_ value: JSONCursor.Value) -> Mobile? {
        value.hasEscapes
            ? Mobile(ascii: JSONString.unescape(extracting(value.range)).span)
            : Mobile(ascii: extracting(value.range))
    }

    func require(
        _ value: JSONCursor.Value?,
        _ kind: JSONCursor.Value.Kind,
        _ expected: StaticString,
        _ key: StaticString
    ) throws(WireError) -> JSONCursor.Value {
        guard let value else { throw WireError(.invalidFrame, "\(key) is missing") }
        guard value.kind == kind else { throw WireError(.invalidFrame, "\(key) must be \(expected)") }
        return value
    }
}
