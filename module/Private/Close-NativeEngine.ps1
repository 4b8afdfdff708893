function Close-NativeEngine {
    <#
    .SYNOPSIS
    Frees the engine of this module when it is removed; its jobs are cancelled. The library stays loaded.
    #>
    if ($null -ne $NativeEngine) {
        $engine = $NativeEngine
        $script:NativeEngine = $null
        $NativeTypes['Coexist.Native']::coexist_engine_free($engine)
    }
}
