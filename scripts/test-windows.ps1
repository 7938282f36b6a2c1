# Builds and tests on a real Windows machine: Visual Studio 2022 (C++ and CMake), Node.js 20 or later
# and vcpkg with gtest. Nobody has run this yet; npm run test:windows is what runs, under Wine.
#
#   powershell -File scripts/test-windows.ps1 [-Toolchain C:\vcpkg\scripts\buildsystems\vcpkg.cmake]
param([string]$Toolchain = "$env:VCPKG_ROOT\scripts\buildsystems\vcpkg.cmake")

$ErrorActionPreference = 'Stop'
Set-Location (Join-Path $PSScriptRoot '..')

function Invoke-Step([string]$Command, [string[]]$Arguments) {
  & $Command @Arguments
  if ($LASTEXITCODE -ne 0) { throw "$Command $Arguments failed with $LASTEXITCODE" }
}

Invoke-Step npm @('ci')
Invoke-Step npx @('tsc')
Invoke-Step cmake @(
  '-S', '.', '-B', 'build/msvc', '-A', 'x64', "-DCMAKE_TOOLCHAIN_FILE=$Toolchain",
  '-DCROSSMEM_OS=windows')
Invoke-Step cmake @('--build', 'build/msvc', '--config', 'Release', '--parallel')
Invoke-Step ctest @('--test-dir', 'build/msvc', '-C', 'Release', '--output-on-failure')

$env:CROSSMEM_ADDON = Join-Path (Get-Location) 'build\msvc\Release\crossmem.node'
# See scripts/test-windows.mjs for the reasons.
$elsewhere = @(
  '05-docs.test.mjs', '06-migrating.test.mjs', '07-examples.test.mjs', 'c.test.mjs', 'flock.test.mjs',
  'python.test.mjs')
$tests = Get-ChildItem test -Recurse -Filter '*.test.mjs'
$tests | Where-Object { $elsewhere -contains $_.Name } |
  ForEach-Object { Write-Host "$($_.FullName): not here" }
$files = $tests | Where-Object { $elsewhere -notcontains $_.Name } |
  ForEach-Object { $_.FullName }
Invoke-Step node (@('--test', '--test-force-exit') + $files)
