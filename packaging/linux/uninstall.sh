#!/bin/sh
# Remove what install.sh put here, and nothing else.
set -eu

app=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
prefix=$(dirname -- "$(dirname -- "$app")")
list=$app/installed-files
if [ ! -f "$list" ]; then
    echo "uninstall.sh: $app was not installed by install.sh." >&2
    exit 1
fi
while IFS= read -r file; do
    rm -f "$prefix/$file"
    # Folders that are empty now, from the inside out.
    folder=$(dirname -- "$file")
    while [ "$folder" != . ] && rmdir "$prefix/$folder" 2>/dev/null; do
        folder=$(dirname -- "$folder")
    done
done < "$list"
rm -rf "$app"
rmdir "$prefix/lib" "$prefix/bin" 2>/dev/null || :
applications=$prefix/share/applications
if [ -z "$(find "$applications" -name '*.desktop' 2>/dev/null)" ]; then
    rm -f "$applications/mimeinfo.cache"    # all of it was ours
    rmdir -p "$applications" 2>/dev/null || :
elif command -v update-desktop-database >/dev/null; then
    update-desktop-database -q "$applications" || :
fi
if [ "${1:-}" != "--quiet" ]; then
    echo "imagefinder is removed. Your library, models and settings stay in:"
    echo "  ~/.local/share/imagefinder  ~/.config/imagefinder  ~/.local/state/imagefinder"
    echo "Delete these folders to remove them as well. Photos are not among them."
fi
