internal import Glibc
internal import NIOCore

/// An IPv4 or IPv6 address. An IPv4 one is held as IPv6 does (`::ffff:192.0.2.1`, RFC 4291 2.5.5.2), so that a
/// client which comes by a socket for both has one form only.
struct IPAddress: Hashable, Sendable {
    /// The 128 bits, the first of the address at the top.
    let bits: UInt128

    /// `::ffff:0.0.0.0`, the first IPv4 address.
    static let mapped: UInt128 = 0xFFFF << 32

    /// Nobody's address, `::`: of a peer that was gone before it could be asked.
    static let unspecified = IPAddress(bits: 0)

    var isIPv4: Bool { bits >> 32 == 0xFFFF }

    /// Whether only this machine can reach it: `127.0.0.0/8`, `::1`.
    var isLoopback: Bool { bits == 1 || bits >> 24 == Self.mapped >> 24 | 127 }

    init(bits: UInt128) {
        self.bits = bits
    }

    /// Reads the usual text forms, without brackets, port or zone; nil for anything else.
    init?(_ text: some StringProtocol) {
        // The longest is 45 characters; inet_pton would stop at a NUL.
        guard text.utf8.count <= 45, !text.utf8.contains(0) else { return nil }
        let text = String(text)
        var v4 = in_addr()
        var v6 = in6_addr()
        if inet_pton(AF_INET, text, &v4) == 1 {
            bits = Self.mapped | UInt128(UInt32(bigEndian: v4.s_addr))
        } else if inet_pton(AF_INET6, text, &v6) == 1 {
            bits = Self.bits(v6)
        } else {
            return nil
        }
    }

    /// The address of a socket's peer; nil for one that has no IP address.
    init?(_ address: SocketAddress?) {
        switch address {
        case .v4(let v4): bits = Self.mapped | UInt128(UInt32(bigEndian: v4.address.sin_addr.s_addr))
        case .v6(let v6): bits = Self.bits(v6.address.sin6_addr)
        case .unixDomainSocket, nil: return nil
        }
    }

    private static func bits(_ address: in6_addr) -> UInt128 {
        withUnsafeBytes(of: address) { bytes in bytes.reduce(0) { $0 << 8 | UInt128($1) } }
    }
}

extension IPAddress: CustomStringConvertible {
    /// The address as RFC 5952 writes it.
    var description: String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        if isIPv4 {
            var v4 = in_addr(s_addr: UInt32(truncatingIfNeeded: bits).bigEndian)
            inet_ntop(AF_INET, &v4, &text, socklen_t(text.count))
        } else {
            var v6 = in6_addr()
            withUnsafeMutableBytes(of: &v6) { $0.storeBytes(of: bits.bigEndian, as: UInt128.self) }
            inet_ntop(AF_INET6, &v6, &text, socklen_t(text.count))
        }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// The addresses that begin with the same bits: `10.0.0.0/8`, `2001:db8::/32`, or one address.
struct AddressBlock: Hashable, Sendable {
    /// The first address; the bits behind the prefix are 0.
    let base: IPAddress
    /// How many bits are the same, of 128: an IPv4 prefix counts from 96.
    let prefix: Int

    /// - Parameters:
    ///   - address: any address of the block.
    ///   - prefix: 0 to 128.
    init(of address: IPAddress, prefix: Int) {
        base = IPAddress(bits: (address.bits >> (128 - prefix)) << (128 - prefix))
        self.prefix = prefix
    }

    /// Reads `ADDRESS` or `ADDRESS/PREFIX`; nil for anything else.
    init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let address = IPAddress(first) else { return nil }
        let offset = address.isIPv4 && first.contains(".") && !first.contains(":") ? 96 : 0
        guard parts.count == 2 else {
            self.init(of: address, prefix: 128)
            return
        }
        guard parts[1].utf8.count <= 3, parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let prefix = Int(parts[1]), prefix + offset <= 128
        else { return nil }
        self.init(of: address, prefix: prefix + offset)
    }

    /// Whether it has all IPv6 or all IPv4 addresses.
    var isEverybody: Bool {
        prefix == 0 || prefix <= 96 && contains(IPAddress(bits: IPAddress.mapped))
    }

    func contains(_ address: IPAddress) -> Bool {
        AddressBlock(of: address, prefix: prefix).base == base
    }
}

extension AddressBlock: CustomStringConvertible {
    /// As it is read: the prefix only where the block is more than one address.
    var description: String {
        if prefix == 128 { return base.description }
        return "\(base)/\(base.isIPv4 && prefix >= 96 ? prefix - 96 : prefix)"
    }
}
