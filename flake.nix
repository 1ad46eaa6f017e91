{
  description = "abide keeps a NixOS machine at the newest commit it can trust";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs =
    { nixpkgs, ... }:
    let
      systems = [
        "x86_64-linux"
        "aarch64-linux"
      ];
      forEach = make: nixpkgs.lib.genAttrs systems (system: make nixpkgs.legacyPackages.${system});
    in
    {
      packages = forEach (pkgs: rec {
        abide = pkgs.callPackage ./nix/package.nix { };
        default = abide;
      });

      nixosModules = rec {
        abide = ./nix/module.nix;
        default = abide;
      };

      # Everything `npm test` and `npm run demo` use.
      devShells = forEach (pkgs: {
        default = pkgs.mkShell {
          packages = [
            pkgs.nodejs
            pkgs.git
            pkgs.gnupg
            pkgs.nix
            pkgs.openssh
            pkgs.prometheus
            pkgs.prometheus.cli
            # Under the name that Debian gives it.
            (pkgs.writeShellScriptBin "prometheus-alertmanager" ''exec ${pkgs.prometheus-alertmanager}/bin/alertmanager "$@"'')
            pkgs.util-linux
          ];
        };
      });
    };
}
