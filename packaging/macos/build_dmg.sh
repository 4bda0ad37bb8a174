#!/bin/sh
# Sign imagefinder.app, pack it into a disk image and have Apple notarise that. Called by build.py:
#   build_dmg.sh APP DIST
# SIGNING_IDENTITY: a "Developer ID Application" identity; without one the app is signed for this machine only.
# NOTARY_PROFILE: a profile that `xcrun notarytool store-credentials` keeps; without one nothing is sent to Apple.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
app=$1
dist=$2
version=${IMAGEFINDER_VERSION:?is not set: start packaging/build.py instead}
identity=${SIGNING_IDENTITY:--}
image=$dist/imagefinder-$version-macos-$(uname -m).dmg

# From the inside out, as codesign asks; the last one seals all of it.
find "$app/Contents" -type f \( -name '*.so' -o -name '*.dylib' -o -perm -u+x \) -print0 |
    xargs -0 codesign --force --timestamp --options runtime --sign "$identity" >&2
for program in "$app/Contents/MacOS/imagefinder" "$app"; do
    codesign --force --timestamp --options runtime --entitlements "$here/entitlements.plist" --sign "$identity" \
        "$program" >&2
done
codesign --verify --deep --strict "$app" >&2

stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
ditto "$app" "$stage/imagefinder.app"
ln -s /Applications "$stage/Applications"
rm -f "$image"
hdiutil create -quiet -volname imagefinder -srcfolder "$stage" -fs APFS -format ULMO "$image" >&2
codesign --force --timestamp --sign "$identity" "$image" >&2

if [ -n "${NOTARY_PROFILE:-}" ]; then
    xcrun notarytool submit "$image" --keychain-profile "$NOTARY_PROFILE" --wait >&2
    xcrun stapler staple "$image" >&2
    spctl --assess --type open --context context:primary-signature "$image" >&2
fi
echo "$image"
