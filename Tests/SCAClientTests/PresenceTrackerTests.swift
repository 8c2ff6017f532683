internal import SCACore
internal import Testing

@testable internal import SCAClient

struct PresenceTrackerTests {
    private let alice = Words.alice
    private let bob = Words.bob
    private let carol = Words.carol

    @Test func consecutiveListsOfABaseServerTellWhoCameAndWent() {
        var presence = PresenceTracker(interest: .all)
        presence.connected()
        #expect(presence.list([alice], rev: nil) == [.list([alice])])
        #expect(presence.list([alice, bob], rev: nil) == [.list([alice, bob]), .change(joined: [bob], left: [])])
        #expect(
            presence.list([carol, bob], rev: nil) == [.list([carol, bob]), .change(joined: [carol], left: [alice])]
        )
        #expect(presence.list([bob, carol], rev: nil) == [.list([bob, carol])])
    }

    @Test func deltasContinueTheList() {
        var presence = PresenceTracker(interest: .all)
        presence.connected()
        _ = presence.list([alice], rev: 7)
        #expect(presence.delta(rev: 8, joined: [bob], left: []) == [.change(joined: [bob], left: [])])
        #expect(presence.delta(rev: 9, joined: [carol], left: [bob]) == [.change(joined: [carol], left: [bob])])
        #expect(presence.isOnline(carol) && !presence.isOnline(bob))
    }

    @Test func deltaThatIsKnownAlreadyChangesNothing() {
        var presence = PresenceTracker(interest: .all)
        _ = presence.list([alice, bob], rev: 8)
        #expect(presence.delta(rev: 8, joined: [], left: [bob]) == [])
        #expect(presence.isOnline(bob))
        #expect(presence.list([alice], rev: 7) == [], "an older list")
        #expect(presence.isOnline(bob))
    }

    @Test func gapIsMendedByOneQuestion() {
        var presence = PresenceTracker(interest: .all)
        _ = presence.list([alice], rev: 7)
        #expect(presence.delta(rev: 9, joined: [carol], left: []) == [.askForList])
        #expect(presence.delta(rev: 10, joined: [], left: [alice]) == [])
        #expect(
            presence.list([bob, carol], rev: 10) == [
                .list([bob, carol]), .change(joined: [bob, carol], left: [alice]),
            ]
        )
        #expect(presence.delta(rev: 11, joined: [alice], left: []) == [.change(joined: [alice], left: [])])
    }

    @Test func deltaBeforeAnyListAsksForOne() {
        var presence = PresenceTracker(interest: .all)
        #expect(presence.delta(rev: 3, joined: [bob], left: []) == [.askForList])
    }

    @Test func whatWasMissedWhileDisconnectedIsToldByTheNextList() {
        var presence = PresenceTracker(interest: .all)
        _ = presence.list([alice, bob], rev: 50)
        presence.connected()
        #expect(
            presence.list([alice, carol], rev: 2) == [.list([alice, carol]), .change(joined: [carol], left: [bob])]
        )
        #expect(presence.delta(rev: 3, joined: [bob], left: []) == [.change(joined: [bob], left: [])])
    }

    @Test func withoutInterestOnlyTheWatchedCount() {
        var presence = PresenceTracker(interest: .none)
        presence.connected()
        presence.watch([bob])
        #expect(presence.delta(rev: 5, joined: [bob, carol], left: []) == [], "the first word is an answer, no change")
        #expect(presence.isOnline(bob))
        #expect(presence.delta(rev: 90, joined: [carol], left: [bob]) == [.change(joined: [], left: [bob])])
        #expect(presence.delta(rev: 91, joined: [], left: [bob]) == [])
        presence.unwatch([bob])
        #expect(presence.delta(rev: 92, joined: [bob], left: []) == [])
    }

    @Test func watchedMobilesOfABaseServerAreReadFromItsLists() {
        var presence = PresenceTracker(interest: .none)
        presence.watch([bob])
        #expect(presence.list([alice], rev: nil) == [])
        #expect(presence.list([alice, bob], rev: nil) == [.change(joined: [bob], left: [])])
        #expect(presence.list([bob], rev: 4) == [], "a numbered list may be older than what the server told of bob")
    }

    @Test func watchedMobilesThatWereNotMentionedAreOffline() {
        var presence = PresenceTracker(interest: .none)
        presence.watch([bob, carol])
        _ = presence.delta(rev: 1, joined: [bob], left: [])
        presence.settleUnknown()
        #expect(presence.isOnline(bob) && !presence.isOnline(carol))
        #expect(presence.delta(rev: 2, joined: [carol], left: []) == [.change(joined: [carol], left: [])])
    }
}
