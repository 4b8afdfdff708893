function Close-NativeEngine {
    <#
    .SYNOPSIS
    Frees the engine of this module when it is removed; its jobs are cancelled. The library stays loaded.
    #>
    if ($NativeEngine -ne [IntPtr]::Zero) {
        $engine = $NativeEngine
        $script:NativeEngine = [IntPtr]::Zero
        (Get-NativeType)::coexist_engine_free($engine)
    }
}
