#!/bin/sh
# Install imagefinder below a prefix: ./install.sh [PREFIX]     (default: ~/.local)
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
prefix=${1:-"$HOME/.local"}
case $prefix in
    /*) ;;
    *) echo "install.sh: $prefix is not an absolute path." >&2; exit 2 ;;
esac
# A menu entry can name such a program only by escapes that not every desktop understands.
case $prefix in
    *[\"\`\$\\%\&\|]*) echo "install.sh: $prefix has a character that a menu entry cannot hold." >&2; exit 2 ;;
esac
app=$prefix/lib/imagefinder
if [ -e "$app" ] && [ ! -x "$app/uninstall.sh" ]; then
    echo "install.sh: $app is there already and is not an imagefinder." >&2
    exit 1
fi
[ ! -e "$app" ] || "$app/uninstall.sh" --quiet    # an older version

mkdir -p "$prefix/lib" "$prefix/bin" "$prefix/share"
cp -R "$here/app" "$app.partial"
cp "$here/uninstall.sh" "$app.partial/uninstall.sh"
: > "$app.partial/installed-files"
mv "$app.partial" "$app"

for name in imagefinder imagefinder-window; do
    ln -sf "$app/$name" "$prefix/bin/$name"
    echo "bin/$name" >> "$app/installed-files"
done
(cd "$here/share" && find . ! -type d) | while IFS= read -r file; do
    file=${file#./}
    mkdir -p "$prefix/share/$(dirname "$file")"
    cp -P "$here/share/$file" "$prefix/share/$file"
    echo "share/$file" >> "$app/installed-files"
done
entry=$prefix/share/applications/imagefinder.desktop
case $app in
    *[!A-Za-z0-9/._+-]*) program="\"$app/imagefinder-window\"" ;;
    *) program=$app/imagefinder-window ;;
esac
sed "s|^Exec=.* %F|Exec=$program %F|" "$entry" > "$entry.partial" && mv "$entry.partial" "$entry"

if command -v update-desktop-database >/dev/null; then
    update-desktop-database -q "$prefix/share/applications" || :
fi
echo "imagefinder is installed in $app and stands in the menu."
case :$PATH: in
    *:"$prefix/bin":*) ;;
    *) echo "To use it in a terminal, add $prefix/bin to PATH." ;;
esac
