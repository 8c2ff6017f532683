internal import NIOCore
internal import NIOHTTP1

/// Whose connection it is, by IP address: the peer of the socket, or whom a trusted proxy names.
///
/// Known twice. When a connection is accepted it is the peer's address; if that is a trusted proxy, `isProxy` is true,
/// and limits per address must wait. When its request head has been read it is the client's, from the header that the
/// proxy writes. `UpgradeHandler.client` is the newest.
struct ClientAddress: Hashable, Sendable {
    /// The client's address.
    let ip: IPAddress
    /// Whether it is a trusted proxy's own: before the request head, and behind it if the proxy named nobody.
    let isProxy: Bool

    /// The peer of an accepted connection.
    init(peerOf channel: any Channel, _ proxies: TrustedProxies) {
        self.init(peer: IPAddress(channel.remoteAddress) ?? .unspecified, proxies)
    }

    init(peer: IPAddress, _ proxies: TrustedProxies) {
        ip = peer
        isProxy = proxies.trusts(peer)
    }

    /// What limits per address count by: an IPv4 address, or the /64 of an IPv6 one, since a single customer is given
    /// at least that much and could use a new address of it for each connection.
    var limitKey: AddressBlock {
        AddressBlock(of: ip, prefix: ip.isIPv4 ? 128 : 64)
    }
}

extension ClientAddress: CustomStringConvertible {
    var description: String { ip.description }
}

/// The proxies whose word about a client's address is taken, and the header in which they give it.
///
/// A proxy appends the address it was connected from to what the header already says, which may be the invention of a
/// client. So the list is read from the right: our peer, if trusted, vouches for the last address; that one, if trusted
/// too, for the one before; the first that is not trusted is the client. What is left of it is never looked at. An
/// entry that names no address (`unknown`, `_hidden`, garbage) ends the walk, and the proxy that wrote it stands
/// for its client. A peer that is not trusted is the client itself, whatever its headers say.
///
/// One header, never both: a proxy that writes `X-Forwarded-For` passes on a `Forwarded` which the client made up. The
/// default is the one that nginx, HAProxy, Caddy, Traefik and the load balancers of hosting platforms write.
public struct TrustedProxies: Hashable, Sendable {
    /// The headers that can be read.
    public enum Header: String, Sendable, CaseIterable {
        /// `X-Forwarded-For`: the usual one.
        case xForwardedFor = "x-forwarded-for"
        /// `Forwarded`: RFC 7239.
        case forwarded
    }

    /// Nobody is trusted: the client is the peer of the socket.
    public static let none = TrustedProxies(blocks: [])

    /// The header that is read.
    public var header = Header.xForwardedFor
    private let blocks: [AddressBlock]

    init(blocks: [AddressBlock]) {
        self.blocks = blocks
    }

    /// Reads a list of addresses and blocks, separated by commas: `127.0.0.1,10.0.0.0/8,2001:db8::/32`.
    ///
    /// - Throws: `ServerError` (`badConfiguration`) that names the entry which is none, or which would trust everybody.
    public init(parsing list: String) throws(ServerError) {
        var blocks: [AddressBlock] = []
        for entry in list.split(separator: ",", omittingEmptySubsequences: false) {
            guard let block = AddressBlock(entry) else {
                let expected = "a trusted proxy is an address like 127.0.0.1 or a block like 10.0.0.0/8"
                throw ServerError(code: .badConfiguration, message: "\(expected); found \"\(entry)\"")
            }
            guard !block.isEverybody else {
                throw ServerError(
                    code: .badConfiguration,
                    message: "\(entry) would trust everybody, and anybody could claim any address; name the proxies"
                )
            }
            blocks.append(block)
        }
        self.blocks = blocks
    }

    /// Whether nobody is trusted.
    public var isEmpty: Bool { blocks.isEmpty }

    func trusts(_ address: IPAddress) -> Bool {
        blocks.contains { $0.contains(address) }
    }

    /// The client behind a connection whose request head has been read.
    ///
    /// - Parameters:
    ///   - peer: what was known when the connection was accepted.
    ///   - headers: those of the request.
    func client(behind peer: ClientAddress, _ headers: HTTPHeaders) -> ClientAddress {
        guard peer.isProxy else { return peer }
        var hop = peer
        for address in ForwardedAddresses.read(header, headers).reversed() {
            guard let address else { break }
            hop = ClientAddress(peer: address, self)
            if !hop.isProxy { break }
        }
        return hop
    }
}
