# abide as one bundle beside a wrapper; no node_modules at run time.
#
# The lockfile names versions and hashes but no addresses, so nixpkgs' npm fetchers cannot read it. Instead
# one fixed-output derivation lets `npm ci` fetch from wherever npm is set up to fetch from; npm checks every
# package against the lockfile, and Nix checks the result against `npmDepsHash`.
#
# After a change of dependencies: build once with npmDepsHash left out, and hand in the hash that Nix reports:
#   pkgs.callPackage ./package.nix { npmDepsHash = "sha256-..."; }
{
  lib,
  stdenvNoCC,
  nodejs,
  esbuild,
  cacert,
  makeWrapper,
  npmDepsHash ? lib.fakeHash,
}:
let
  manifest = lib.importJSON ../package.json;
  inherit (manifest) version;

  dependencies = stdenvNoCC.mkDerivation {
    pname = "abide-dependencies";
    inherit version;
    src = lib.fileset.toSource {
      root = ../.;
      fileset = lib.fileset.unions [
        ../package.json
        ../package-lock.json
      ];
    };
    nativeBuildInputs = [ nodejs ];
    buildPhase = ''
      export HOME=$TMPDIR npm_config_cafile=${cacert}/etc/ssl/certs/ca-bundle.crt
      npm ci --omit=dev --ignore-scripts --no-audit --no-fund
    '';
    # What depends on npm's version or on this store stays out of the hash.
    installPhase = ''
      rm -rf node_modules/.package-lock.json node_modules/.bin
      mv node_modules $out
    '';
    dontFixup = true;
    outputHash = npmDepsHash;
    outputHashMode = "recursive";
    outputHashAlgo = "sha256";
    impureEnvVars = lib.fetchers.proxyImpureEnvVars ++ [ "NPM_CONFIG_REGISTRY" ];
  };
in
stdenvNoCC.mkDerivation {
  pname = "abide";
  inherit version;
  src = lib.fileset.toSource {
    root = ../.;
    fileset = lib.fileset.unions [
      ../package.json
      ../src
      ../machines
      ../metrics
      ../docs
      ../LICENSE
    ];
  };
  nativeBuildInputs = [
    esbuild
    makeWrapper
  ];

  # The same bundle as test/setup/build.mjs makes, with nixpkgs' esbuild.
  buildPhase = ''
    runHook preBuild
    ln -s ${dependencies} node_modules
    esbuild main=src/main.ts --bundle --splitting --platform=node --format=esm --target=node20 \
      --outdir=dist --out-extension:.js=.mjs --chunk-names=chunks/[name]-[hash] \
      --sourcemap --sources-content=false --minify --keep-names \
      --define:__ABIDE_VERSION__='"${version}"' \
      --banner:js="import{createRequire}from'node:module';const require=createRequire(import.meta.url);"
    runHook postBuild
  '';

  installPhase = ''
    runHook preInstall
    mkdir -p $out/lib $out/share/doc $out/share/abide
    cp -r dist $out/lib/abide
    cp -r docs $out/share/doc/abide
    cp metrics/rules/abide.rules.yml metrics/dashboards/*.json $out/share/abide/
    makeWrapper ${nodejs}/bin/node $out/bin/abide \
      --add-flags "--enable-source-maps $out/lib/abide/main.mjs"
    runHook postInstall
  '';

  passthru = { inherit dependencies; };

  meta = {
    inherit (manifest) description;
    license = lib.licenses.mit;
    mainProgram = "abide";
    platforms = lib.platforms.linux;
  };
}
