// swift-tools-version: 6.2
// The example as a package of its own, for you to copy: it uses SCA as yours would. `swift build` in the root builds it too.
import PackageDescription

let package = Package(
    name: "echo-bot",
    dependencies: [
        .package(name: "sca", path: "../.."),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        .executableTarget(
            name: "echo-bot",
            dependencies: [
                .product(name: "SCAClient", package: "sca"),
                .product(name: "SCACore", package: "sca"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            path: "echo-bot"
        ),
        .testTarget(
            name: "EchoBotTests",
            dependencies: [
                "echo-bot",
                .product(name: "SCAClient", package: "sca"),
                .product(name: "SCACore", package: "sca"),
                .product(name: "SCAServerd", package: "sca"),
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "echo-bot-tests"
        ),
    ]
)
