"""What the name of a file tells about it: an extension decides whether the file is opened, never what it is."""

_RAW = "3fr arw cr2 cr3 crw dcr dng erf iiq kdc mef mos mrw nef nrw orf pef raf raw rw2 rwl sr2 srf srw x3f"
_PHOTOS = "jpg jpeg jpe jif jfi jfif pjpeg pjp insp thm mpo png apng webp gif tif tiff bmp dib avif avifs heic heics"
_PICTURES = "heif heifs hif jxl jp2 j2k j2c jpf jpx psd psb ico cur tga ppm pgm pbm pnm pfm svg svgz"
EXTENSIONS = frozenset((_RAW + " " + _PHOTOS + " " + _PICTURES).split())
"""Lower case, without the dot. Files of these names are read, and listed with the reason where that fails."""

# Any other name is looked into, which costs an open: these are the common ones that are never pictures. Single letters
# are not here, nor what stands at the end of a picture's address (php, com), marks a copy (bak, old, 1) or says
# nothing (dat, bin, img).
_DOCUMENTS = """
    abw chm csv djvu doc docm docx dot dotx epub fb2 fodt htm html ics key log lyx markdown md mht mhtml mobi azw azw3
    nfo numbers odg odp ods odt oxps pages pdf pot potx pps ppsx ppt pptm pptx pub rst rtf srt ssa ass sub tex tsv txt
    vcf vsd vsdx vtt wpd wps xhtml xls xlsb xlsm xlsx xlt xltx xps"""
_SOUND = """
    aac ac3 aif aifc aiff alac amr ape au caf cda dsf dts flac flp m3u m3u8 m4a m4b m4p m4r mid midi mka mp2 mp3 mpc
    oga ogg opus pls ra ram spx tta wav wma wpl wv"""
_FILMS = """
    3g2 3gp amv asf avi bik divx dv f4v flv gifv h264 h265 hevc insv lrf lrv m1v m2t m2ts m2v m4v mjpeg mjpg mkv mod
    mov mp4 mpe mpeg mpg mpv mts mxf ogm ogv qt rm rmvb swf tod ts vob webm wmv y4m"""
_PACKED = """
    7z ace apk arj bz2 cab cb7 cbr cbt cbz cpio crx deb dmg gz iso jar lz lz4 lzh lzma nrg pak pkg rar rpm sit sitx
    tar tbz tbz2 tgz tlz txz udf vdi vhd vhdx vmdk war whl wim xar xpi xz zip zipx zst"""
_CODE = """
    ada asm bas bat cc cfg clj cmake cmd conf cpp cs css cxx dart diff el erl ex f90 fs gitignore go gradle groovy
    hh hpp hs inc ini ipynb java jl js json jsonl jsx kt less lisp lua map mk ml mm nim patch pas php3 pl plist
    pm po properties ps1 psm1 py pyc pyi pyo pyx rb reg rs sass scala scss sh sql sum svelte swift tcl toml tsx
    vb vbs vue wasm xaml xml xsd xsl xslt yaml yml zsh"""
_BESIDE_PHOTOS = """
    aae acr acv aee arp comask cos cosessiondb ctg cube dop drx exif face gpx geojson icc icm ind kml kmz lrcat lrprev
    lrtemplate lut mie nksc on1 onphoto pano pp2 pp3 ptgui pto rmf rpp rss spd thumb tracker vrd xmp"""
_DATA = """
    accdb bib bson db db3 dbf dbm dta feather frm h5 hdf hdf5 idx kdb kdbx ldf lmdb mat mdb mdf myd myi nc npy
    npz onnx parquet pb pickle pkl pt pth rdata rds safetensors sav sqlite sqlite3 sqlite-journal sqlite-shm sqlite-wal
    tfrecord wal wb2 wk1"""
_SYSTEM = """
    app appimage bpl cer class cpl crt cur32 desktop dll drv dylib ds_store elf eot exe fon fnt fot gpg hlp
    inf ipa ko la lib lnk lock md5 mo msi msp mui obj ocx otc otf ova ovf p12 pem pfb pfm1 pfx pid pyd scr sfv
    sha1 sha256 sig so sys torrent ttc ttf url webloc woff woff2"""
_UNFINISHED = "aria2 crdownload download dtapart filepart opdownload part partial swp temp tmp ut"
_DRAWINGS = """
    ai blend c4d cdr dae dds dgn dwf dwg dxf emf emz eps exr fbx fh fla g3 glb gltf hdr idml igs indd indt jxr wdp hdp
    jbig2 jng kra max mng mtl ora pcd pct pcx pict pkm ps psp pspimage qoi ras rgbe sgi skp stl stp step sketch afphoto
    afdesign usdz vox wmf wmz wpg xcf xbm xd xpm"""
OTHERS = frozenset(
    " ".join(
        (_DOCUMENTS, _SOUND, _FILMS, _PACKED, _CODE, _BESIDE_PHOTOS, _DATA, _SYSTEM, _UNFINISHED, _DRAWINGS)
    ).split()
)
"""Extensions of files that are no pictures, or none that the app reads. They are passed over without a look."""


def extension_of(name: str) -> str:
    """What stands behind the last dot, in lower case; "" where there is none. Blanks and dots at the end are nothing.

    Called for every name of a tree.
    """
    _, dot, extension = name.rpartition(".")
    if not dot:
        return ""
    if not extension or extension[-1] == " ":
        return extension_of(name.rstrip(" ."))
    return extension.lower()


def kind_of(name: str) -> str:
    """The extension if it can be one; "" for the rest of a sentence or a date that merely stands behind a dot."""
    extension = extension_of(name)
    plausible = extension.isascii() and extension.isalnum() and len(extension) <= 8 and not extension.isdigit()
    return extension if plausible or extension in OTHERS else ""
