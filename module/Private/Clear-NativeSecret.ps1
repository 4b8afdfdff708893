function Clear-NativeSecret {
    <#
    .SYNOPSIS
    Wipes a secret of the engine. One that is gone already is none.
    #>
    param(
        [uint64] $Secret
    )

    if ($null -eq $NativeEngine) { return }
    $native = $NativeTypes['Coexist.Native']
    $pointer = [IntPtr]::Zero
    $length = [UIntPtr]::Zero
    $null = $native::coexist_secret_free($NativeEngine, $Secret, [ref]$pointer, [ref]$length)
    $null = $native::Take($pointer, $length)
}
