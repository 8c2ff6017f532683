/// What one loop keeps for each of its sessions, found without hashing: a session's number says where it lies.
///
/// Pages of slots come and go with the sessions in them, so a departed crowd gives its memory back, and no growth moves what is
/// there. A slot knows whose it is: a name that has gone finds nothing, though another has taken its place.
/// Rejected: a dictionary (hashing was a tenth of a message's time, and it never shrinks).
struct SessionTable<Value> {
    private static var pageSize: Int { 128 }

    private struct Slot {
        var number: UInt64
        var value: Value?
    }

    private struct Page {
        var slots: [Slot] = []
        var count = 0
    }

    private var pages: [Page] = []
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }
    /// How many pages there are, those that are empty between others included.
    var pageCount: Int { pages.count }

    /// The value of a session; nil if it has none. O(1).
    subscript(id: SessionID) -> Value? {
        get {
            let (page, slot) = Self.place(id)
            guard page < pages.count, pages[page].count > 0, pages[page].slots[slot].number == id.number else {
                return nil
            }
            return pages[page].slots[slot].value
        }
        _modify {
            let (page, slot) = Self.place(id)
            if page < pages.count, pages[page].count > 0, pages[page].slots[slot].number == id.number,
                pages[page].slots[slot].value != nil
            {
                yield &pages[page].slots[slot].value
                if pages[page].slots[slot].value == nil { forget(page) }
            } else {
                var value: Value?
                yield &value
                if let value { insert(value, id, page, slot) }
            }
        }
    }

    @discardableResult
    mutating func removeValue(for id: SessionID) -> Value? {
        let value = self[id]
        if value != nil { self[id] = nil }
        return value
    }

    /// Calls `body` with each session's value, in order of their places; `body` must not change the table.
    func forEach(_ body: (Value) -> Void) {
        for page in pages where page.count > 0 {
            for slot in page.slots { if let value = slot.value { body(value) } }
        }
    }

    /// All values, in order of their places.
    var values: [Value] {
        var all: [Value] = []
        all.reserveCapacity(count)
        forEach { all.append($0) }
        return all
    }

    private static func place(_ id: SessionID) -> (page: Int, slot: Int) {
        let place = id.place
        return (place / pageSize, place % pageSize)
    }

    private mutating func insert(_ value: Value, _ id: SessionID, _ page: Int, _ slot: Int) {
        while pages.count <= page { pages.append(Page()) }
        if pages[page].slots.isEmpty {
            pages[page].slots = Array(repeating: Slot(number: 0, value: nil), count: Self.pageSize)
        }
        precondition(pages[page].slots[slot].value == nil, "two sessions have one place")
        pages[page].slots[slot] = Slot(number: id.number, value: value)
        pages[page].count += 1
        count += 1
    }

    private mutating func forget(_ page: Int) {
        count -= 1
        pages[page].count -= 1
        guard pages[page].count == 0 else { return }
        pages[page].slots = []
        while pages.last?.count == 0 { pages.removeLast() }
    }
}
