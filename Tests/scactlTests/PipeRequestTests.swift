import SCACore
import Testing

@testable import scactl

@Suite struct PipeRequestTests {
    private func parse(_ text: String) throws(CommandFailure) -> PipeRequest? {
        try PipeRequest.parse(RecordSplitter.Record(number: 7, bytes: Array(text.utf8)))
    }

    @Test func aMessageNamesOneMobileOrSeveralOnceEach() throws {
        #expect(
            try parse(#"{"to":"9812345678","text":"h\u00e9","ref":"r","extra":{"a":[1]},"type":"x"}"#)
                == PipeRequest(action: .send(to: [World.peer], text: "hé"), reference: "r", line: 7)
        )
        #expect(
            try parse(#"{"to":["9812345678","9000000001","9812345678"],"text":"\u0000"}"#)?.action
                == .send(to: [World.peer, World.other], text: "\u{0}")
        )
    }

    @Test func aReplyNamesAMessage() throws {
        #expect(
            try parse(#" {"reply":"01a2-x_Y","text":"yes","ref":"r"}"#)
                == PipeRequest(action: .reply(to: MessageID(trusted: "01a2-x_Y"), text: "yes"), reference: "r", line: 7)
        )
    }

    @Test func whoIsAQuestion() throws {
        #expect(try parse(#"{"op":"who","ref":"y"}"#) == PipeRequest(action: .who, reference: "y", line: 7))
        #expect(try parse(#"{"op":"who"}"#) == PipeRequest(action: .who, line: 7))
    }

    @Test(arguments: ["", " ", "\t \r"]) func blanksAreNothing(_ line: String) throws {
        #expect(try parse(line) == nil)
    }

    @Test(arguments: [
        ("hello", "not a JSON object"), ("[]", "not a JSON object"), ("null", "not a JSON object"),
        (#""who""#, "not a JSON object"), (#"{"op":"who""#, "not a JSON object"),
        (#"{"op":"who"}{"op":"who"}"#, "not a JSON object"),
        ("{}", #"no "to", no "reply" and no "op""#), (#"{"text":"x"}"#, #"no "to", no "reply" and no "op""#),
        (#"{"op":"fly"}"#, #""op" is "fly"; "who" is known"#), (#"{"op":1}"#, #""op" is not a string"#),
        (#"{"op":"who","to":"9812345678"}"#, #"only one of "to", "reply" and "op" is possible"#),
        (#"{"reply":"a","to":"9812345678","text":"x"}"#, #"only one of "to", "reply" and "op" is possible"#),
        (#"{"reply":"a b","text":"x"}"#, #""reply" is not the id of a message"#),
        (#"{"reply":7,"text":"x"}"#, #""reply" is not a string"#),
        (#"{"reply":"a"}"#, #"no "text""#), (#"{"reply":"a","text":""}"#, #""text" is empty"#),
        (#"{"to":"9812345678"}"#, #"no "text""#), (#"{"to":[],"text":"x"}"#, #""to" names nobody"#),
        (#"{"to":{"a":1},"text":"x"}"#, #""to" is not a mobile or a list of them"#),
        (#"{"to":[["9812345678"]],"text":"x"}"#, #""to" is not a mobile or a list of them"#),
        (#"{"to":"98 1234 5678","text":"x"}"#, #"a mobile is 10 to 32 digits, like 9876543210; found "98 1234 5678""#),
        (#"{"to":"9812345678","text":"x","ref":3}"#, #""ref" is not a string"#),
    ])
    func whatIsWrongIsSaidWithTheLine(_ line: String, _ sentence: String) {
        let failure = #expect(throws: CommandFailure.self) { try parse(line) }
        #expect(failure?.message == sentence)
        #expect(failure?.line == 7 && failure?.status == .badInput)
    }

    @Test func whatIsWrongIsSaidWithTheReference() {
        #expect(
            #expect(throws: CommandFailure.self) { try parse(#"{"to":"1","text":"x","ref":"r"}"#) }?.reference == "r"
        )
        #expect(#expect(throws: CommandFailure.self) { try parse(#"{"op":"x","ref":"r"}"#) }?.reference == "r")
    }

    @Test(arguments: [
        #"{"to":9876543211,"text":"n","ref":"r"}"#, #"{"text":5,"ref":"r"}"#, #"{"op":5,"ref":"r"}"#,
        #"{"reply":5,"ref":"r"}"#, #"{"ref":"r","to":["9876543210",1],"text":"n"}"#,
    ])
    func aKeyOfTheWrongTypeDoesNotHideTheReference(_ line: String) {
        #expect(#expect(throws: CommandFailure.self) { try parse(line) }?.reference == "r")
    }

    @Test func bytesThatAreNotUTF8AndNestingWithoutEndAreRefused() {
        let broken = Array(#"{"op":"who","ref":""#.utf8) + [0xFF] + Array(#""}"#.utf8)
        #expect(throws: CommandFailure.self) { try PipeRequest.parse(RecordSplitter.Record(number: 1, bytes: broken)) }
        let nested = String(repeating: #"{"to":["#, count: 50_000)
        #expect(throws: CommandFailure.self) { try parse(nested) }
    }

    @Test func anOverlongLineIsRefused() {
        let failure = #expect(throws: CommandFailure.self) {
            try PipeRequest.parse(RecordSplitter.Record(number: 3, bytes: nil))
        }
        #expect(failure?.message == "a line over 4194304 bytes" && failure?.line == 3)
    }
}
