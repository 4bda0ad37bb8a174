# Make the installer with Inno Setup 6. Called by build.py; prints the installer's path.
param([Parameter(Mandatory)][string]$Bundle, [Parameter(Mandatory)][string]$Dist)
$ErrorActionPreference = "Stop"

$version = $env:IMAGEFINDER_VERSION
if (-not $version) { throw "IMAGEFINDER_VERSION is not set: start packaging/build.py instead." }
$iscc = (Get-Command iscc -ErrorAction SilentlyContinue).Source
if (-not $iscc) { $iscc = Join-Path ${env:ProgramFiles(x86)} "Inno Setup 6\ISCC.exe" }
if (-not (Test-Path $iscc)) { throw "Inno Setup 6 is not installed: iscc is missing." }

# Both programs must be signed before they are packed, where a certificate is at hand.
if ($env:SIGNING_CERTIFICATE) {
    foreach ($name in "imagefinder.exe", "imagefinder-window.exe") {
        & signtool sign /fd SHA256 /td SHA256 /tr $env:SIGNING_TIMESTAMP_URL /sha1 $env:SIGNING_CERTIFICATE (Join-Path $Bundle $name) | Out-Host
        if ($LASTEXITCODE) { throw "signtool failed" }
    }
}
& $iscc /Q "/DVersion=$version" "/DBundle=$Bundle" "/DDist=$Dist" (Join-Path $PSScriptRoot "imagefinder.iss") | Out-Host
if ($LASTEXITCODE) { throw "iscc failed" }
Write-Output (Join-Path $Dist "imagefinder-$version-windows-x64-setup.exe")
