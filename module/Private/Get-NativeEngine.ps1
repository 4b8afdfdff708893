function Get-NativeEngine {
    <#
    .SYNOPSIS
    Returns the handle of the engine of this module (one for each runspace), made on first use.
    #>
    param(
        # $PSCmdlet of the public function.
        [Management.Automation.PSCmdlet] $Cmdlet
    )

    if ($null -eq $NativeEngine) {
        $native = Get-NativeType $Cmdlet
        $engine = $pointer = [IntPtr]::Zero
        $length = [UIntPtr]::Zero
        $status = $native::coexist_engine_new([ref]$engine, [ref]$pointer, [ref]$length)
        $answer = $native::Take($pointer, $length)
        if ($status -ne 0) { $Cmdlet.ThrowTerminatingError((ConvertTo-NativeErrorRecord $answer)) }
        $script:NativeEngine = $engine
        $ExecutionContext.SessionState.Module.OnRemove = { Disconnect-CoexistTenant; Close-NativeEngine }
    }
    $NativeEngine
}
