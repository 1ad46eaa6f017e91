# services.abide: keeps this machine at the newest commit of its Git repository that can be trusted.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.services.abide;
  format = pkgs.formats.json { };
  unchecked = format.generate "abide-unchecked.json" cfg.settings;

  # A bad setting fails the build, never the host. Files named in it are on the host, not here.
  configFile = pkgs.runCommand "abide-config.json" { } ''
    ${cfg.package}/bin/abide config check --no-files ${unchecked}
    cp ${unchecked} $out
  '';
in
{
  options.services.abide = {
    enable = lib.mkEnableOption "abide, which follows a Git repository";

    package = lib.mkOption {
      type = lib.types.package;
      default = pkgs.callPackage ./package.nix { };
      defaultText = lib.literalExpression "pkgs.callPackage ./package.nix { }";
      description = "The abide package to run.";
    };

    machineId = lib.mkOption {
      type = lib.types.nullOr (lib.types.strMatching "[0-9a-f]{32}");
      default = null;
      example = "22823ba6c96947e78b006c51a56fd89c";
      description = ''
        The machine this configuration is for, by its /etc/machine-id. abide on any other machine waits
        instead of deploying it. null: any machine.
      '';
    };

    settings = lib.mkOption {
      type = lib.types.submodule {
        freeformType = format.type;
        options = import ./options.nix { inherit lib; };
      };
      default = { };
      example = lib.literalExpression ''
        {
          source.remotes = [
            { name = "origin"; url = "https://git.example.org/infra.git"; auth.tokenFile = "/run/secrets/abide"; }
          ];
          trust.signers = [
            { name = "alice"; sshKey = "ssh-ed25519 AAAA... alice@example.org"; }
          ];
        }
      '';
      description = ''
        Configuration of abide, key by key as in docs/config.md. Whom it obeys is explained in docs/trust.md. Secrets never belong here, because the
        Nix store can be read by everybody: give the paths of their files.
      '';
    };
  };

  config = lib.mkIf cfg.enable {
    services.abide.settings.host = lib.mkDefault config.networking.hostName;

    # Members may use the control socket: they can suspend, accept and reconcile.
    users.groups.abide = { };

    environment.systemPackages = [ cfg.package ];
    environment.etc."abide/config.yaml".source = configFile;

    systemd.services.abide = {
      description = "abide, the keeper of this machine's configuration";
      documentation = [ "file:${cfg.package}/share/doc/abide" ];
      wantedBy = [ "multi-user.target" ];
      after = [
        "network.target"
        "nix-daemon.socket"
      ];

      # abide runs the switch: neither a new version of it nor a commit that drops it may end it in the middle.
      # When a commit changes abide itself, the old one ends by itself after the switch, and the new one commits it or is undone.
      restartIfChanged = false;
      unitConfig = {
        X-StopOnRemoval = false;
        StartLimitIntervalSec = 0;
      };

      # The host's own Nix, so that client, daemon and evaluation cache match.
      path = [
        config.nix.package
        pkgs.coreutils
        pkgs.git
        pkgs.gnupg
        pkgs.openssh
        pkgs.util-linux
        config.systemd.package
      ];
      # Builds belong to the Nix daemon's control group; running out of memory there must not take abide along.
      environment.NIX_REMOTE = "daemon";

      serviceConfig = {
        ExecStart = "${cfg.package}/bin/abide run --config /etc/abide/config.yaml";
        Restart = "always";
        RestartSec = 5;
        OOMPolicy = "continue";
        TimeoutStopSec = 90;
        UMask = "0077";
        StateDirectory = "abide";
        StateDirectoryMode = "0700";
        RuntimeDirectory = "abide";
        # The socket's own mode and group decide who may use it.
        RuntimeDirectoryMode = "0755";
      };
    };
  };
}
