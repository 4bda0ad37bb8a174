; The Windows installer, for Inno Setup 6:
;   iscc /DVersion=0.1.0 /DBundle=build\bundle\imagefinder /DDist=dist packaging\windows\imagefinder.iss
; build.py calls it so. Per user: no administrator is asked for, and nothing outside the person's own profile is touched.

#ifndef Version
  #error Give the version: /DVersion=...
#endif
#ifndef Bundle
  #error Give the folder that PyInstaller made: /DBundle=...
#endif
#ifndef Dist
  #error Give the folder for the installer: /DDist=...
#endif

[Setup]
AppId={{6B0B3A0E-5B0C-4F0E-9A52-6D1F7C9E2A41}
AppName=imagefinder
AppVersion={#Version}
AppVerName=imagefinder {#Version}
AppPublisher=The imagefinder developers
DefaultDirName={autopf}\imagefinder
DefaultGroupName=imagefinder
DisableProgramGroupPage=yes
DisableDirPage=auto
PrivilegesRequired=lowest
PrivilegesRequiredOverridesAllowed=dialog
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
MinVersion=10.0.17763
LicenseFile=..\..\LICENSE
SetupIconFile=..\..\build\icons\imagefinder.ico
UninstallDisplayIcon={app}\imagefinder-window.exe
UninstallDisplayName=imagefinder
OutputDir={#Dist}
OutputBaseFilename=imagefinder-{#Version}-windows-x64-setup
Compression=lzma2/max
SolidCompression=yes
LZMANumBlockThreads=4
WizardStyle=modern
CloseApplications=yes
RestartApplications=no
ChangesAssociations=yes
ChangesEnvironment=yes

[Languages]
Name: "english"; MessagesFile: "compiler:Default.isl"

[Tasks]
Name: "openwith"; Description: "Offer imagefinder in ""Open with"" for pictures and folders"
Name: "path"; Description: "Make the command imagefinder known in terminals"; Flags: unchecked
Name: "desktopicon"; Description: "{cm:CreateDesktopIcon}"; Flags: unchecked

[InstallDelete]
; An update must not leave libraries of the version before beside its own.
Type: filesandordirs; Name: "{app}\_internal"

[Files]
Source: "{#Bundle}\*"; DestDir: "{app}"; Flags: ignoreversion recursesubdirs createallsubdirs

[Icons]
Name: "{autoprograms}\imagefinder"; Filename: "{app}\imagefinder-window.exe"; AppUserModelID: "imagefinder.imagefinder"
Name: "{autodesktop}\imagefinder"; Filename: "{app}\imagefinder-window.exe"; Tasks: desktopicon

[Registry]
; HKA is the person's own part of the registry, or everybody's where an administrator installs.
Root: HKA; Subkey: "Software\Classes\Applications\imagefinder-window.exe"; Flags: uninsdeletekey; Tasks: openwith
Root: HKA; Subkey: "Software\Classes\Applications\imagefinder-window.exe"; ValueType: string; ValueName: "FriendlyAppName"; ValueData: "imagefinder"; Tasks: openwith
Root: HKA; Subkey: "Software\Classes\Applications\imagefinder-window.exe\DefaultIcon"; ValueType: string; ValueData: "{app}\imagefinder-window.exe,0"; Tasks: openwith
Root: HKA; Subkey: "Software\Classes\Applications\imagefinder-window.exe\shell\open\command"; ValueType: string; ValueData: """{app}\imagefinder-window.exe"" ""%1"""; Tasks: openwith
#define Supported(str extension) \
  "Root: HKA; Subkey: ""Software\Classes\Applications\imagefinder-window.exe\SupportedTypes""; ValueType: string; ValueName: """ + extension + """; ValueData: """"; Tasks: openwith" + NewLine + \
  "Root: HKA; Subkey: ""Software\Classes\" + extension + "\OpenWithList\imagefinder-window.exe""; Flags: uninsdeletekey; Tasks: openwith"
#emit Supported(".jpg")
#emit Supported(".jpeg")
#emit Supported(".png")
#emit Supported(".webp")
#emit Supported(".gif")
#emit Supported(".tif")
#emit Supported(".tiff")
#emit Supported(".bmp")
#emit Supported(".avif")
#emit Supported(".heic")
#emit Supported(".heif")
#emit Supported(".jxl")
#emit Supported(".dng")
#emit Supported(".cr2")
#emit Supported(".cr3")
#emit Supported(".nef")
#emit Supported(".arw")
#emit Supported(".raf")
#emit Supported(".orf")
#emit Supported(".rw2")
Root: HKA; Subkey: "Software\Classes\Directory\shell\imagefinder"; ValueType: string; ValueData: "Find similar photos in this folder"; Flags: uninsdeletekey; Tasks: openwith
Root: HKA; Subkey: "Software\Classes\Directory\shell\imagefinder"; ValueType: string; ValueName: "Icon"; ValueData: "{app}\imagefinder-window.exe,0"; Tasks: openwith
Root: HKA; Subkey: "Software\Classes\Directory\shell\imagefinder\command"; ValueType: string; ValueData: """{app}\imagefinder-window.exe"" ""%1"""; Tasks: openwith
Root: HKA; Subkey: "{code:EnvironmentKey}"; ValueType: expandsz; ValueName: "Path"; ValueData: "{olddata};{app}"; Check: NeedsPath; Tasks: path

[Run]
Filename: "{app}\imagefinder-window.exe"; Description: "{cm:LaunchProgram,imagefinder}"; Flags: nowait postinstall skipifsilent

[UninstallDelete]
Type: filesandordirs; Name: "{app}\_internal"

[Code]
const
  UserEnvironment = 'Environment';
  SystemEnvironment = 'SYSTEM\CurrentControlSet\Control\Session Manager\Environment';

function EnvironmentKey(Param: String): String;
begin
  if IsAdminInstallMode then Result := SystemEnvironment else Result := UserEnvironment;
end;

function NeedsPath: Boolean;
var
  Path: String;
begin
  if not RegQueryStringValue(HKA, EnvironmentKey(''), 'Path', Path) then Path := '';
  Result := Pos(';' + Lowercase(ExpandConstant('{app}')) + ';', ';' + Lowercase(Path) + ';') = 0;
end;

procedure RemoveFromPath;
var
  Path, Folder: String;
  Place: Integer;
begin
  if not RegQueryStringValue(HKA, EnvironmentKey(''), 'Path', Path) then exit;
  Folder := ';' + ExpandConstant('{app}');
  Place := Pos(Lowercase(Folder) + ';', Lowercase(Path) + ';');
  if Place = 0 then exit;
  Delete(Path, Place, Length(Folder));
  RegWriteExpandStringValue(HKA, EnvironmentKey(''), 'Path', Path);
end;

procedure CurUninstallStepChanged(Step: TUninstallStep);
begin
  if Step = usUninstall then RemoveFromPath;
  if (Step = usPostUninstall) and not UninstallSilent then
    MsgBox('imagefinder is removed. Your library, models and settings stay in' + #13#10
      + ExpandConstant('{localappdata}\imagefinder') + #13#10
      + 'Delete that folder to remove them as well. Photos are not among them.', mbInformation, MB_OK);
end;
