# Generated from the schema in src/config/; `npx tsx test/setup/generate.ts` writes it anew.
# Defaults are those of abide itself. null means the default, except where the description gives null a meaning.
{ lib }:
let
  inherit (lib) mkOption types;
in
{
  host = mkOption {
    type = types.nullOr (types.str);
    default = null;
    description = "Attribute under nixosConfigurations; default the system's host name.";
  };
  mode = mkOption {
    type = types.enum [ "enforce" "observe" ];
    default = "enforce";
    description = "enforce: keep the host at the desired commit; observe: do everything but activate, and tell.";
  };
  driver = mkOption {
    type = types.enum [ "nixos-flake" "nixos" "nix-darwin" "home-manager" ];
    default = "nixos-flake";
    description = "Kind of system in the repository.";
  };
  source = {
    subdir = mkOption {
      type = types.str;
      default = ".";
      description = "Directory in the repository where flake.nix (or default.nix) lives.";
    };
    attribute = mkOption {
      type = types.nullOr (types.str);
      default = null;
      description = "Attribute path of the system, for driver nixos only.";
    };
    submodules = mkOption {
      type = types.bool;
      default = false;
      description = "Whether Git submodules are fetched and evaluated too.";
    };
    remotes = mkOption {
      type = types.listOf (types.submodule {
        options = {
          name = mkOption {
            type = types.str;
            description = "Name of the remote in status, metrics and logs.";
          };
          url = mkOption {
            type = types.str;
            description = "Where to fetch from: https, ssh, user@host:path, file, or an absolute path; credentials are refused in it.";
          };
          insecure = mkOption {
            type = types.bool;
            default = false;
            description = "Whether http without TLS is allowed.";
          };
          poll = mkOption {
            type = types.str;
            default = "60s";
            description = "Time between two looks at this remote, at least 1s.";
          };
          timeout = mkOption {
            type = types.str;
            default = "5m";
            description = "Longest time one fetch may take.";
          };
          watch = mkOption {
            type = types.oneOf [ (types.enum [ "auto" ]) (types.bool) ];
            default = "auto";
            description = "Whether a repository on this machine is also watched for changes; auto means on for local paths.";
          };
          branches = {
            main = mkOption {
              type = types.nullOr (types.submodule {
                options = {
                  name = mkOption {
                    type = types.str;
                    default = "main";
                    description = "Name of the main branch on this remote.";
                  };
                  operation = mkOption {
                    type = types.enum [ "switch" "boot" "test" ];
                    default = "switch";
                    description = "What is done with a new main commit: switch now, boot at the next start, or test until then.";
                  };
                };
              });
              default = { };
              description = "The branch this host follows; null when this remote offers no main.";
            };
            testing = mkOption {
              type = types.nullOr (types.submodule {
                options = {
                  name = mkOption {
                    type = types.nullOr (types.str);
                    default = null;
                    description = "Name of the testing branch on this remote; default testing-<host>.";
                  };
                  operation = mkOption {
                    type = types.enum [ "switch" "boot" "test" ];
                    default = "test";
                    description = "What is done with a testing commit on top of main.";
                  };
                };
              });
              default = { };
              description = "A branch tried out on top of main on this host alone; null for none.";
            };
          };
          auth = {
            username = mkOption {
              type = types.str;
              default = "abide";
              description = "User name sent along with the token; most forges accept any.";
            };
            tokenFile = mkOption {
              type = types.nullOr (types.str);
              default = null;
              description = "File that holds the access token for https; read at each use, so that a rotated token needs no restart.";
            };
            sshKeyFile = mkOption {
              type = types.nullOr (types.str);
              default = null;
              description = "File that holds the private key for ssh; read at each use.";
            };
            knownHostsFile = mkOption {
              type = types.nullOr (types.str);
              default = null;
              description = "Host keys that ssh accepts; default /etc/ssh/ssh_known_hosts.";
            };
          };
          trust = mkOption {
            type = types.nullOr (types.submodule {
              options = {
                signers = mkOption {
                  type = types.nullOr (types.listOf (types.str));
                  default = null;
                  description = "The only signers accepted from this remote; a restriction, never an addition.";
                };
                mode = mkOption {
                  type = types.nullOr (types.enum [ "none" ]);
                  default = null;
                  description = "none: commits of this remote need no signature, said for this remote alone.";
                };
              };
            });
            default = null;
            description = "Restricts trust for this remote; null for what `trust` says.";
          };
        };
      });
      description = "Git repositories to pull from, in order of preference; at least one.";
    };
  };
  trust = {
    mode = mkOption {
      type = types.nullOr (types.enum [ "none" "tip" "range" ]);
      default = null;
      description = "range: every commit since the floor must be signed; tip: the newest only; none: anyone who can push is root here. Default range when keys are given; without keys it must be said.";
    };
    signers = mkOption {
      type = types.listOf (types.submodule {
        options = {
          name = mkOption {
            type = types.str;
            description = "Name of the signer in status and logs; the key decides, never an author name.";
          };
          sshKey = mkOption {
            type = types.nullOr (types.str);
            default = null;
            description = "SSH public key, the line of its .pub file.";
          };
          gpgKeyFile = mkOption {
            type = types.nullOr (types.str);
            default = null;
            description = "File that holds the OpenPGP public key, armoured or not.";
          };
          gpgFingerprint = mkOption {
            type = types.nullOr (types.str);
            default = null;
            description = "Fingerprint of the primary key; no other key of the file counts.";
          };
        };
      });
      default = [ ];
      description = "Who may sign commits.";
    };
    allowedSignersFile = mkOption {
      type = types.nullOr (types.str);
      default = null;
      description = "File in git's allowed-signers format, beside or instead of signers.";
    };
    revokedKeysFile = mkOption {
      type = types.nullOr (types.str);
      default = null;
      description = "File with revoked SSH keys: a list of keys, or a key revocation list.";
    };
    anchor = mkOption {
      type = types.nullOr (types.str);
      default = null;
      description = "Commit from which history is held to the policy; null for the first accepted tip.";
    };
    floor = mkOption {
      type = types.enum [ "deployed" "seen" ];
      default = "deployed";
      description = "What may never be left again: the newest commit deployed here, or the newest seen.";
    };
    branches = {
      main = {
        signers = mkOption {
          type = types.nullOr (types.listOf (types.str));
          default = null;
          description = "Who may sign main; null for every signer.";
        };
      };
      testing = {
        signers = mkOption {
          type = types.nullOr (types.listOf (types.str));
          default = null;
          description = "Who may sign testing; null for every signer.";
        };
        allowReplay = mkOption {
          type = types.bool;
          default = false;
          description = "Whether a testing commit that was left before may come back.";
        };
      };
    };
    clockSkew = mkOption {
      type = types.str;
      default = "10m";
      description = "How far in the future the date of a commit may lie before it has to wait.";
    };
    maxRange = mkOption {
      type = types.ints.between 1 1000000;
      default = 20000;
      description = "Most commits that are verified in one range.";
    };
    quorum = mkOption {
      type = types.ints.between 1 100;
      default = 1;
      description = "How many remotes must offer a commit before it counts.";
    };
  };
  evaluate = {
    timeout = mkOption {
      type = types.str;
      default = "30m";
      description = "Longest time one evaluation may take.";
    };
    attempts = mkOption {
      type = types.ints.between 1 100;
      default = 3;
      description = "Evaluations of one commit before it stalls.";
    };
    memory = mkOption {
      type = types.nullOr (types.str);
      default = null;
      description = "Most memory of the evaluation, like 4GiB; null for no limit.";
    };
    allowImportFromDerivation = mkOption {
      type = types.bool;
      default = true;
      description = "Whether evaluation may build what it imports.";
    };
    nixConfFile = mkOption {
      type = types.nullOr (types.str);
      default = null;
      description = "Nix user configuration for private inputs (access-tokens, netrc-file); read at use.";
    };
  };
  build = {
    timeout = mkOption {
      type = types.str;
      default = "4h";
      description = "Longest time one build may take.";
    };
    attempts = mkOption {
      type = types.ints.between 1 100;
      default = 5;
      description = "Builds of one commit before it stalls.";
    };
    mode = mkOption {
      type = types.enum [ "local" "substitute" ];
      default = "local";
      description = "local: build what no cache has; substitute: wait until a cache has everything.";
    };
    options = mkOption {
      type = types.attrsOf (types.oneOf [ (types.str) (types.number) (types.bool) ]);
      default = { };
      description = "Further Nix settings for evaluation and build, each passed as --option.";
    };
  };
  activate = {
    timeout = mkOption {
      type = types.str;
      default = "30m";
      description = "Longest time switch-to-configuration may take.";
    };
    allowRemovingAbide = mkOption {
      type = types.bool;
      default = false;
      description = "Whether a system may be activated without abide, with one that refuses its configuration, or with a new one that nothing would undo.";
    };
    stageWhen = mkOption {
      type = types.listOf (types.enum [ "kernel" "kernel-modules" "kernel-params" "initrd" "firmware" "systemd" "other" ]);
      default = [ ];
      description = "Parts whose change against the booted system is staged for the next reboot instead of switched to; a test waits.";
    };
    confirm = {
      mode = mkOption {
        type = types.enum [ "none" "manual" "auto" ];
        default = "none";
        description = "Whether a person is asked before activation: never, always, or with a veto for a while.";
      };
      after = mkOption {
        type = types.str;
        default = "2m";
        description = "With mode auto: how long a veto is possible.";
      };
    };
    windows = mkOption {
      type = types.listOf (types.submodule {
        options = {
          days = mkOption {
            type = types.listOf (types.enum [ "mon" "tue" "wed" "thu" "fri" "sat" "sun" ]);
            description = "Days of the week on which the window begins.";
          };
          start = mkOption {
            type = types.str;
            description = "Begin, as \"HH:MM\".";
          };
          end = mkOption {
            type = types.str;
            description = "End, as \"HH:MM\"; earlier than start means on the next day.";
          };
          timezone = mkOption {
            type = types.str;
            default = "UTC";
            description = "Time zone of start and end.";
          };
        };
      });
      default = [ ];
      description = "Times in which activation may begin; empty for always.";
    };
    maxDefer = mkOption {
      type = types.nullOr (types.str);
      default = null;
      description = "Longest wait for a window; null for no limit.";
    };
    delay = mkOption {
      type = types.str;
      default = "0s";
      description = "Wait after a commit was first seen, so that other hosts go first.";
    };
    splay = mkOption {
      type = types.str;
      default = "0s";
      description = "Further wait of up to this long, by a share fixed by the machine-id.";
    };
  };
  gates = mkOption {
    type = types.listOf (types.submodule {
      options = {
        name = mkOption {
          type = types.str;
          description = "Name of the gate in status and logs.";
        };
        before = mkOption {
          type = types.enum [ "build" "activate" "reboot" ];
          description = "What the gate holds back.";
        };
        command = mkOption {
          type = types.listOf (types.str);
          description = "Program and arguments: exit 0 opens, 75 waits.";
        };
        timeout = mkOption {
          type = types.str;
          default = "10s";
          description = "Longest time the command may take.";
        };
      };
    });
    default = [ ];
    description = "Commands that may hold a step back.";
  };
  health = {
    settle = mkOption {
      type = types.str;
      default = "10s";
      description = "Wait after activation before the first check; 0s for none.";
    };
    stableFor = mkOption {
      type = types.str;
      default = "30s";
      description = "How long all checks must hold; 0s for once.";
    };
    deadline = mkOption {
      type = types.str;
      default = "5m";
      description = "Time from the end of activation until all must hold.";
    };
    units = {
      enabled = mkOption {
        type = types.bool;
        default = true;
        description = "Whether systemd units are checked.";
      };
      ignore = mkOption {
        type = types.listOf (types.str);
        default = [ ];
        description = "Units whose failure does not count.";
      };
    };
    connectivity = {
      enabled = mkOption {
        type = types.bool;
        default = true;
        description = "Whether some remote must be reachable again.";
      };
    };
    inbound = {
      ports = mkOption {
        type = types.listOf (types.ints.between 1 65535);
        default = [ 22 ];
        description = "TCP ports that must listen again if they did before.";
      };
    };
    checks = mkOption {
      type = types.listOf (types.submodule {
        options = {
          name = mkOption {
            type = types.str;
            description = "Name of the check in status and metrics.";
          };
          timeout = mkOption {
            type = types.str;
            default = "10s";
            description = "Longest time one try may take.";
          };
          http = mkOption {
            type = types.nullOr (types.submodule {
              options = {
                url = mkOption {
                  type = types.str;
                  description = "URL that is asked for.";
                };
                status = mkOption {
                  type = types.ints.between 100 599;
                  default = 200;
                  description = "Status the answer must have.";
                };
              };
            });
            default = null;
            description = "Passes when the URL answers with the status.";
          };
          tcp = mkOption {
            type = types.nullOr (types.submodule {
              options = {
                host = mkOption {
                  type = types.str;
                  default = "127.0.0.1";
                  description = "Host to connect to.";
                };
                port = mkOption {
                  type = types.ints.between 1 65535;
                  description = "Port to connect to.";
                };
              };
            });
            default = null;
            description = "Passes when the port accepts a connection.";
          };
          command = mkOption {
            type = types.nullOr (types.listOf (types.str));
            default = null;
            description = "Passes when the program exits 0.";
          };
          unit = mkOption {
            type = types.nullOr (types.str);
            default = null;
            description = "Passes when the unit is active.";
          };
        };
      });
      default = [ ];
      description = "The user's own checks.";
    };
    confirm = mkOption {
      type = types.enum [ "none" "manual" ];
      default = "none";
      description = "manual: a person confirms during probation, or it is rolled back.";
    };
  };
  rollback = {
    enabled = mkOption {
      type = types.bool;
      default = true;
      description = "Whether a system that fails is rolled back.";
    };
    lastResort = mkOption {
      type = types.enum [ "none" "reboot" ];
      default = "none";
      description = "What to do when a rollback fails five times, or leaves a system that stays unwell: nothing, or reboot once into the old system.";
    };
  };
  hooks = {
    preActivate = mkOption {
      type = types.nullOr (types.listOf (types.str));
      default = null;
      description = "Runs before an activation, which waits and asks again each minute while it does not exit 0.";
    };
    postCommit = mkOption {
      type = types.nullOr (types.listOf (types.str));
      default = null;
      description = "Runs once after a deployment was committed or staged; its failure is told and changes nothing.";
    };
    postRollback = mkOption {
      type = types.nullOr (types.listOf (types.str));
      default = null;
      description = "Runs once after a rollback; its failure is told and changes nothing.";
    };
    timeout = mkOption {
      type = types.str;
      default = "1m";
      description = "Longest time one run of a hook may take; then it is ended.";
    };
  };
  drift = {
    interval = mkOption {
      type = types.str;
      default = "30s";
      description = "Time between two looks at the host, at least 1s.";
    };
    policy = mkOption {
      type = types.enum [ "report" "correct" ];
      default = "report";
      description = "report: only tell; correct: activate the expected system again.";
    };
    grace = mkOption {
      type = types.str;
      default = "10m";
      description = "With policy correct: how long drift must last before it is undone.";
    };
  };
  reboot = {
    policy = mkOption {
      type = types.enum [ "never" "window" "immediate" ];
      default = "never";
      description = "When the host is rebooted by abide.";
    };
    triggers = mkOption {
      type = types.listOf (types.enum [ "kernel" "kernel-modules" "kernel-params" "initrd" "firmware" "systemd" "other" ]);
      default = [ "kernel" "kernel-modules" "kernel-params" ];
      description = "Changes that make a reboot needed.";
    };
    windows = mkOption {
      type = types.listOf (types.submodule {
        options = {
          days = mkOption {
            type = types.listOf (types.enum [ "mon" "tue" "wed" "thu" "fri" "sat" "sun" ]);
            description = "Days of the week on which the window begins.";
          };
          start = mkOption {
            type = types.str;
            description = "Begin, as \"HH:MM\".";
          };
          end = mkOption {
            type = types.str;
            description = "End, as \"HH:MM\"; earlier than start means on the next day.";
          };
          timezone = mkOption {
            type = types.str;
            default = "UTC";
            description = "Time zone of start and end.";
          };
        };
      });
      default = [ ];
      description = "Times in which a reboot may begin.";
    };
  };
  retention = {
    deployments = mkOption {
      type = types.ints.between 1 1000;
      default = 50;
      description = "Deployments kept in the history.";
    };
    bootEntries = mkOption {
      type = types.nullOr (types.ints.between 1 1000);
      default = null;
      description = "Newest generations of the system profile that keep their boot entry, beside those in use; older ones are removed after a commit. null leaves them alone.";
    };
  };
  api = {
    socket = mkOption {
      type = types.str;
      default = "/run/abide/abide.sock";
      description = "Unix socket of the control API.";
    };
    group = mkOption {
      type = types.str;
      default = "abide";
      description = "Group that may use the socket; where it does not exist the socket is 0600.";
    };
  };
  metrics = {
    listen = mkOption {
      type = types.nullOr (types.str);
      default = "127.0.0.1:9642";
      description = "Address of the listener for metrics and health, host:port; null for off.";
    };
    textfile = mkOption {
      type = types.nullOr (types.str);
      default = null;
      description = "File for node_exporter's textfile collector, ending in .prom, written anew every 15 s; null for none.";
    };
  };
  notify = mkOption {
    type = types.listOf (types.attrsOf (types.anything));
    default = [ ];
    description = "Where events are sent.";
  };
  log = {
    level = mkOption {
      type = types.enum [ "trace" "debug" "info" "warn" "error" "fatal" "silent" ];
      default = "info";
      description = "Least level that is logged.";
    };
  };
  state = {
    dir = mkOption {
      type = types.str;
      default = "/var/lib/abide";
      description = "Directory of journal and mirror.";
    };
    witness = mkOption {
      type = types.nullOr (types.str);
      default = null;
      description = "Directory of the witness, which should survive a wiped root; default /nix/var/abide, or state.dir when system.root is not /.";
    };
  };
  system = {
    root = mkOption {
      type = types.str;
      default = "/";
      description = "Directory the host lives under; changed by tests, demos and chroots only.";
    };
    activator = mkOption {
      type = types.enum [ "auto" "systemd" "direct" ];
      default = "auto";
      description = "How a switch outlives the daemon; auto: systemd where root is / and systemd runs, else a detached process.";
    };
  };
}
