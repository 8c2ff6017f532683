import Foundation
import SCACore
import SCATesting
import Testing

/// One case of `Tests/Fixtures/wire`; its `README.md` says what each key means.
struct FrameCase: Decodable, Sendable {
    let name: String
    let bytes: [UInt8]
    let reads: NeutralFrame?
    let writes: [UInt8]
    let error: WireError.Code?
    let id: String?

    static func all(_ file: String) throws -> [FrameCase] {
        try Fixture.decode("wire/\(file).json")
    }

    private enum CodingKeys: CodingKey {
        case name, frame, base64, reads, writes, error, id
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        name = try container.decode(String.self, forKey: .name)
        if let encoded = try container.decodeIfPresent(Data.self, forKey: .base64) {
            bytes = Array(encoded)
        } else {
            bytes = Array(try container.decode(String.self, forKey: .frame).utf8)
        }
        reads = try container.decodeIfPresent(NeutralFrame.self, forKey: .reads)
        writes = try container.decodeIfPresent(String.self, forKey: .writes).map { Array($0.utf8) } ?? bytes
        error = try container.decodeIfPresent(String.self, forKey: .error).flatMap { WireError.Code(rawValue: $0) }
        id = try container.decodeIfPresent(String.self, forKey: .id)
        guard (reads == nil) != (error == nil) else {
            throw DecodingError.dataCorruptedError(
                forKey: .error,
                in: container,
                debugDescription: "\(name): either reads or a known error"
            )
        }
    }
}

extension FrameCase: CustomTestStringConvertible {
    var testDescription: String { name }
}

extension [UInt8] {
    /// The bytes of a text, for frames that a test spells out.
    init(_ text: String) {
        self = Array(text.utf8)
    }

    /// The bytes as text, for comparison and for what a failing test shows.
    var text: String { String(decoding: self, as: UTF8.self) }
}
