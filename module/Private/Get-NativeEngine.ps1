function Get-NativeEngine {
    <#
    .SYNOPSIS
    Returns the handle of the engine of this module (one for each runspace), made on first use.
    #>
    if ($null -eq $NativeEngine) {
        $native = Get-NativeType
        $engine = $pointer = [IntPtr]::Zero
        $length = [UIntPtr]::Zero
        $status = $native::coexist_engine_new([ref]$engine, [ref]$pointer, [ref]$length)
        $answer = $native::Take($pointer, $length)
        if ($status -ne 0) { throw ConvertTo-NativeErrorRecord $answer }
        $script:NativeEngine = $engine
        $ExecutionContext.SessionState.Module.OnRemove = { Close-NativeEngine }
    }
    $NativeEngine
}
