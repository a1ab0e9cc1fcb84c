#!/bin/sh
# Fetches the front-end files that the product ships, at the versions named here, and writes
# assets/vendor.json with their checksums. Run it from anywhere, after changing a version or
# adding an icon:
#
#     sh assets/vendor/update.sh
#
# It needs npm (as a downloader only), tar and sha256sum. Building the product needs none of
# them: the files are committed, and a test compares each with vendor.json.
set -eu

oat=0.6.1
htmx=2.0.11
figtree=5.3.0
lucide=1.62.0

# The icons that pages may use, by their Lucide names. One sprite holds them all.
icons="arrow-left arrow-right badge-check ban bell book-open briefcase building-2 calendar
calendar-check calendar-clock calendar-plus calendar-x check chevron-down chevron-right
circle circle-alert circle-check circle-help circle-user clipboard-list clock clock-alert
download eye file-text funnel globe graduation-cap hand-heart hand-helping heart
heart-handshake heart-pulse history hourglass inbox info key-round languages
layout-dashboard life-buoy link list-checks lock log-out mail map-pin menu message-circle
pause phone play plus refresh-cw search send settings shield shield-check sliders-horizontal
sparkles stethoscope sun thumbs-down thumbs-up triangle-alert undo-2 upload user user-check
user-plus users video wallet x"

here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fetch() { # package version folder
	mkdir "$work/$3"
	name=$(cd "$work" && npm pack --silent "$1@$2")
	tar xzf "$work/$name" -C "$work/$3" --strip-components=1
}

fetch @knadh/oat "$oat" oat
fetch htmx.org "$htmx" htmx
fetch @fontsource-variable/figtree "$figtree" figtree
fetch lucide-static "$lucide" lucide

cp "$work/oat/oat.min.css" "$here/oat.min.css"
cp "$work/htmx/dist/htmx.min.js" "$here/htmx.min.js"
cp "$work/figtree/files/figtree-latin-wght-normal.woff2" "$here/figtree-latin.woff2"
cp "$work/figtree/files/figtree-latin-ext-wght-normal.woff2" "$here/figtree-latin-ext.woff2"

{
	printf '<svg xmlns="http://www.w3.org/2000/svg">\n'
	for icon in $icons; do
		file="$work/lucide/icons/$icon.svg"
		test -f "$file" || { echo "update.sh: Lucide $lucide has no icon named $icon; correct the list" >&2; exit 1; }
		printf '<symbol id="%s" viewBox="0 0 24 24">' "$icon"
		# Keep what is inside <svg ...>...</svg>: the style comes from the page.
		tr '\n' ' ' <"$file" | sed -e 's/<!--[^>]*-->//g' -e 's/^.*<svg[^>]*>//' -e 's/<\/svg>.*$//' -e 's/  */ /g' -e 's/ \/>/\/>/g' -e 's/> </></g' -e 's/^ //' -e 's/ $//'
		printf '</symbol>\n'
	done
	printf '</svg>\n'
} >"$here/lucide.svg"

cp "$work/oat/LICENSE" "$here/LICENSE.oat"
cp "$work/htmx/LICENSE" "$here/LICENSE.htmx"
cp "$work/figtree/LICENSE" "$here/LICENSE.figtree"
cp "$work/lucide/LICENSE" "$here/LICENSE.lucide"

entry() { # file package version licence end
	sum=$(sha256sum "$here/$1" | cut -d' ' -f1)
	printf '  {"file": "%s", "package": "%s", "version": "%s", "licence": "%s", "sha256": "%s"}%s\n' "$1" "$2" "$3" "$4" "$sum" "$5"
}
{
	echo '['
	entry oat.min.css @knadh/oat "$oat" MIT ,
	entry htmx.min.js htmx.org "$htmx" 0BSD ,
	entry figtree-latin.woff2 @fontsource-variable/figtree "$figtree" OFL-1.1 ,
	entry figtree-latin-ext.woff2 @fontsource-variable/figtree "$figtree" OFL-1.1 ,
	entry lucide.svg lucide-static "$lucide" ISC ,
	entry LICENSE.oat @knadh/oat "$oat" MIT ,
	entry LICENSE.htmx htmx.org "$htmx" 0BSD ,
	entry LICENSE.figtree @fontsource-variable/figtree "$figtree" OFL-1.1 ,
	entry LICENSE.lucide lucide-static "$lucide" ISC ''
	echo ']'
} >"$here/../vendor.json"
