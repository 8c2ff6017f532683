import SCACore
import Testing

@testable import scactl

@Suite struct PresencePictureTests {
    typealias Change = PresencePicture.Change

    @Test func aChangeBeforeTheFirstListMeansNothing() {
        var picture = PresencePicture()
        #expect(picture.take(joined: [World.peer], left: [World.other]) == Change())
        #expect(!picture.isComplete)
    }

    @Test func onlyWhatDiffersFromThePictureIsTold() {
        var picture = PresencePicture()
        #expect(picture.take(list: [World.peer]) == Change(came: [World.peer]))
        #expect(picture.take(joined: [World.peer, World.other], left: []) == Change(came: [World.other]))
        #expect(picture.take(joined: [], left: [World.peer, World.me]) == Change(went: [World.peer]))
        #expect(picture.take(list: [World.me]) == Change(came: [World.me], went: [World.other]))
    }

    @Test func whoIsNotWantedIsLeftOut() {
        var picture = PresencePicture(of: [World.peer])
        #expect(picture.take(list: [World.other]) == Change())
        #expect(picture.isComplete)
        #expect(picture.take(joined: [World.other, World.peer], left: []) == Change(came: [World.peer]))
    }
}
