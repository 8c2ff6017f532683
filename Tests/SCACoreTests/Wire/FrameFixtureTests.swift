import SCACore
import Testing

/// Every golden frame, read and written; the data is in `Tests/Fixtures/wire`.
struct FrameFixtureTests {
    let decoder = FrameDecoder()

    @Test(arguments: try FrameCase.all("client-valid"))
    func validClientFrameIsReadAndWrittenByteForByte(_ golden: FrameCase) throws {
        let frame = try decoder.clientFrame(golden.bytes.span)
        #expect(NeutralFrame(frame) == golden.reads)
        #expect(FrameEncoder.encode(frame) == golden.writes, "\(FrameEncoder.encode(frame).text)")
    }

    @Test(arguments: try FrameCase.all("server-valid"))
    func validServerFrameIsReadAndWrittenByteForByte(_ golden: FrameCase) throws {
        let frame = try decoder.serverFrame(golden.bytes.span)
        #expect(NeutralFrame(frame) == golden.reads)
        #expect(FrameEncoder.encode(frame) == golden.writes, "\(FrameEncoder.encode(frame).text)")
    }

    @Test(arguments: try FrameCase.all("client-hostile"))
    func hostileClientFrameIsRefusedWithItsCodeAndID(_ hostile: FrameCase) throws {
        let error = try #require(throws: WireError.self) { try decoder.clientFrame(hostile.bytes.span) }
        #expect(error.code == hostile.error, "\(error.message)")
        #expect(error.id?.text == hostile.id)
        expectASentence(error)
    }

    @Test(arguments: try FrameCase.all("server-hostile"))
    func hostileServerFrameIsRefusedWithItsCode(_ hostile: FrameCase) throws {
        let error = try #require(throws: WireError.self) { try decoder.serverFrame(hostile.bytes.span) }
        #expect(error.code == hostile.error, "\(error.message)")
        expectASentence(error)
    }

    /// What a refusal says goes to a log and a terminal: it is there, short, and no control character is in it.
    private func expectASentence(_ error: WireError) {
        #expect(!error.message.isEmpty)
        #expect(error.message.utf8.count <= 256)
        #expect(error.message.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control })
    }

    @Test(arguments: ["client-valid", "client-hostile", "server-valid", "server-hostile"])
    func everyCaseHasANameOfItsOwn(_ file: String) throws {
        let names = try FrameCase.all(file).map(\.name)
        #expect(Set(names).count == names.count)
    }

    @Test func noPrefixOfAValidClientFrameIsAFrame() throws {
        for golden in try FrameCase.all("client-valid") {
            for length in 0..<lengthWithoutBlanks(golden.bytes) {
                let accepted = (try? decoder.clientFrame(golden.bytes.span.extracting(0..<length))) != nil
                if accepted { Issue.record("\(golden.name): the first \(length) bytes were accepted") }
            }
        }
    }

    @Test func noPrefixOfAValidServerFrameIsAFrame() throws {
        for golden in try FrameCase.all("server-valid") {
            for length in 0..<lengthWithoutBlanks(golden.bytes) {
                let accepted = (try? decoder.serverFrame(golden.bytes.span.extracting(0..<length))) != nil
                if accepted { Issue.record("\(golden.name): the first \(length) bytes were accepted") }
            }
        }
    }

    private func lengthWithoutBlanks(_ bytes: [UInt8]) -> Int {
        (bytes.lastIndex(of: UInt8(ascii: "}")) ?? -1) + 1
    }
}
