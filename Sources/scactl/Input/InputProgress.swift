/// How far the lines of stdin have come, for who must go on from there.
///
/// The connection takes messages in order. So when it is over, those that it did not take are the last ones of the batch that was
/// handed to it last.
struct InputProgress {
    /// Where each message of the last batch is from; nil for one that is none of many.
    private var lines: [Int?] = []
    /// Where the message before them is from.
    private var before: Int?

    /// A batch is handed on.
    ///
    /// - Parameter lines: where each of its messages is from, from 1; a line may be several messages.
    mutating func begin(_ lines: [Int?]) {
        before = self.lines.last ?? nil
        self.lines = lines
    }

    /// How far sending has come, in words; nil if everything was sent, or does not come from lines.
    ///
    /// - Parameters:
    ///   - untaken: how many messages of the last batch were not taken.
    ///   - isInputOver: whether no line is left that was not handed on.
    func end(untaken: Int, isInputOver: Bool) -> String? {
        let taken = lines.count - untaken
        guard untaken > 0, taken >= 0 else {
            guard !isInputOver, let last = lines.last ?? nil else { return nil }
            return "nothing behind line \(last) of stdin was sent"
        }
        guard let first = lines[taken] else { return nil }
        guard first != (taken > 0 ? lines[taken - 1] : before) else {
            return "line \(first) of stdin went to some only, and nothing behind it was sent"
        }
        return "nothing from line \(first) of stdin on was sent"
    }
}
